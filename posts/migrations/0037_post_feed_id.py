from django.conf import settings
from django.db import migrations, models

import posts.models

_NAME = """
UPDATE posts_post SET feed_id = 'tag:' || %s || ',' || to_char(created_at AT TIME ZONE 'UTC',
    'YYYY-MM-DD') || ':post-' || id
"""


def keep_names(apps, schema_editor):
    """Keep the names that feed readers know: those made of host, day and number till now."""
    schema_editor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # Else the table could not be altered.
    schema_editor.execute(_NAME, [settings.SITE_HOST])
    schema_editor.execute("SET CONSTRAINTS ALL DEFERRED")


class Migration(migrations.Migration):
    """Give each post a name in feeds that no change of address or domain moves."""

    dependencies = [("posts", "0036_search_index_settings")]
    operations = [
        migrations.AddField(
            "post", "feed_id", models.CharField(max_length=300, null=True, editable=False)
        ),
        migrations.RunPython(keep_names, migrations.RunPython.noop),
        migrations.AlterField(
            "post",
            "feed_id",
            models.CharField(
                max_length=300, unique=True, default=posts.models.new_feed_id, editable=False
            ),
        ),
    ]
