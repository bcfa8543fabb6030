from django.db import migrations, models


class Migration(migrations.Migration):
    """The addresses asked for in vain: UNLOGGED, since losing them in a crash costs nothing."""

    dependencies = [("posts", "0010_redirects")]

    operations = [
        migrations.CreateModel(
            name='MissingPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=210, unique=True)),
                ('hits', models.PositiveIntegerField(default=1)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('linked_from', models.CharField(blank=True, max_length=210, verbose_name='linked from')),
                ('ignored_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'missing page',
                'ordering': ['-hits', '-last_seen_at', '-pk'],
            },
        ),
        migrations.RunSQL(
            "ALTER TABLE posts_missingpage SET UNLOGGED", migrations.RunSQL.noop
        ),
    ]
