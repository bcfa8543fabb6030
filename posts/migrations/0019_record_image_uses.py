from django.db import migrations

from posts.pictures import names_in


def record(apps, schema_editor):
    """Write down for the posts there are which images they use: only these are public."""
    image_use = apps.get_model("posts", "ImageUse")
    image = apps.get_model("posts", "Image")
    by_name = dict(image.objects.values_list("image_file", "pk"))
    uses = set()
    for pk, lead, body in (
        apps.get_model("posts", "Post")
        .objects.values_list("pk", "lead_image_id", "body")
        .iterator(chunk_size=500)
    ):
        uses |= {(by_name[name], pk) for name in names_in(body) if name in by_name}
        uses |= {(lead, pk)} if lead else set()
    image_use.objects.bulk_create(
        [image_use(image_id=image_id, post_id=pk) for image_id, pk in sorted(uses)],
        ignore_conflicts=True,
        batch_size=1000,
    )


class Migration(migrations.Migration):
    """From here on each save of a post keeps the table."""

    dependencies = [("posts", "0018_image_use")]
    operations = [migrations.RunPython(record, migrations.RunPython.noop)]
