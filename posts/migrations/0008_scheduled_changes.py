import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('posts', '0007_revision_notes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ScheduledChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('waiting', 'Waiting for its time'), ('held', 'Needs your decision'), ('applied', 'Applied'), ('cancelled', 'Cancelled')], default='waiting', max_length=9)),
                ('due_at', models.DateTimeField()),
                ('shows_as_updated', models.BooleanField(default=False)),
                ('before', models.JSONField()),
                ('after', models.JSONField()),
                ('held_for', models.JSONField(default=list)),
                ('made_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='changes', to='posts.post')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at', 'id'], name='posts_scheduledchange_due')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'held'])), fields=('post',), name='posts_scheduledchange_one_open'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'held', 'applied', 'cancelled'])), name='posts_scheduledchange_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('state__in', ['waiting', 'held'])), models.Q(('decided_at__isnull', False), ('state__in', ['applied', 'cancelled'])), _connector='OR'), name='posts_scheduledchange_decided_has_time')],
            },
        ),
    ]
