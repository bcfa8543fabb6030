import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The ledger of who is told what about which comment."""

    dependencies = [
        ('comments', '0005_identities'),
    ]

    operations = [
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('published', 'Their comment is published'), ('reply', 'A reply to their comment')], max_length=9)),
                ('owed_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('about', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='comments.comment')),
                ('identity', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='comments.identity')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('sent_at', None)), fields=['identity'], name='comments_notice_owed')],
                'constraints': [models.UniqueConstraint(fields=('identity', 'about'), name='comments_notice_once')],
            },
        ),
    ]
