from django.db import migrations


def make_folder(apps, schema_editor):
    """An image needs a folder: give the library its first."""
    apps.get_model("cabinet", "Folder").objects.get_or_create(name="Images", parent=None)


class Migration(migrations.Migration):
    dependencies = [("posts", "0001_initial"), ("cabinet", "0001_initial")]
    operations = [migrations.RunPython(make_folder, migrations.RunPython.noop)]
