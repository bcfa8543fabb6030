from django.db import migrations

from posts import citations

BATCH = 500


def record(apps, schema_editor):
    """Write down for the posts there are which of them link to which."""
    bodies = apps.get_model("posts", "Post").objects.values_list("pk", "body_html")
    batch = {}
    for pk, body_html in bodies.iterator(chunk_size=BATCH):
        batch[pk] = body_html
        if len(batch) == BATCH:
            citations.replace(batch)
            batch = {}
    citations.replace(batch)


class Migration(migrations.Migration):
    """From here on each save of a post keeps the table."""

    dependencies = [("posts", "0028_citations")]
    operations = [migrations.RunPython(record, migrations.RunPython.noop)]
