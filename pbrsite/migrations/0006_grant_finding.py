from django.db import migrations

from pbrsite import groups


class Migration(migrations.Migration):
    """Editors see the new lists: links to posts that are not public, searches that found nothing."""

    dependencies = [
        ("pbrsite", "0005_content_moment"),
        ("posts", "0031_search_misses"),
    ]
    operations = [migrations.RunPython(groups.grant, migrations.RunPython.noop)]
