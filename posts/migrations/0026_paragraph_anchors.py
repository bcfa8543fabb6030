from django.db import migrations
from lxml import html

from posts import anchors, rendering

BATCH = 500


def pin(apps, schema_editor):
    """Give the paragraphs of the posts there are their ids; each save of a body does it from now.

    The rest of a page stays as it was rendered, so that no image has to be looked up.
    """
    post = apps.get_model("posts", "Post")
    rows = post.objects.exclude(body_html="").order_by("pk")
    batch = []
    for row in rows.only("pk", "body_html").iterator(chunk_size=BATCH):
        root = html.fragment_fromstring(row.body_html, create_parent="div")
        anchors.pin(root)
        row.body_html = rendering.inner(root)
        batch.append(row)
        if len(batch) == BATCH:
            post.objects.bulk_update(batch, ["body_html"])
            batch = []
    post.objects.bulk_update(batch, ["body_html"])


class Migration(migrations.Migration):
    dependencies = [("posts", "0025_corporate_authors")]
    operations = [migrations.RunPython(pin, migrations.RunPython.noop)]
