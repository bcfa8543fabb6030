from django.db import migrations, models


class Migration(migrations.Migration):
    """The searches that found nothing, counted by the worker; no public page shows them."""

    dependencies = [("posts", "0030_search_index")]

    operations = [
        migrations.CreateModel(
            name='SearchMiss',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('query', models.CharField(max_length=80, unique=True, verbose_name='searched for')),
                ('hits', models.PositiveIntegerField(default=1, verbose_name='times')),
                ('first_seen_at', models.DateTimeField(verbose_name='first')),
                ('last_seen_at', models.DateTimeField(verbose_name='last')),
                ('best_guess', models.CharField(blank=True, max_length=80)),
                ('dismissed_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'search that found nothing',
                'verbose_name_plural': 'searches that found nothing',
                'ordering': ['-hits', '-last_seen_at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('hits__gt', 0)), name='posts_searchmiss_was_made')],
            },
        ),
    ]
