import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('posts', '0006_series_triggers'),
        ('reversion', '0002_add_index_on_version_for_content_type_and_db'),
    ]

    operations = [
        migrations.CreateModel(
            name='RevisionNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('first', 'As it was before'), ('saved', 'Saved'), ('submitted', 'Submitted for review'), ('scheduled', 'Scheduled'), ('published', 'Published'), ('withdrawn', 'Withdrawn'), ('restored', 'Restored'), ('applied', 'Scheduled change applied'), ('elsewhere', 'Changed outside this form')], max_length=10)),
                ('is_published', models.BooleanField()),
                ('relations', models.JSONField(default=list)),
                ('names', models.JSONField(default=dict)),
                ('post', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='revision_notes', to='posts.post')),
                ('revision', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='note', to='reversion.revision')),
            ],
            options={
                'ordering': ['-revision_id'],
                'indexes': [models.Index(fields=['post', '-revision'], name='posts_revisionnote_history')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['first', 'saved', 'submitted', 'scheduled', 'published', 'withdrawn', 'restored', 'applied', 'elsewhere'])), name='posts_revisionnote_kind_known'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['scheduled', 'published', 'applied']), _negated=True), ('is_published', True), _connector='OR'), name='posts_revisionnote_published_is_kept')],
            },
        ),
    ]
