from django.db import migrations

from pbrsite import groups


class Migration(migrations.Migration):
    """Author, Editor and Moderator. Backwards they stay: people may be in them."""

    dependencies = [
        ("pbrsite", "0002_content_version"),
        ("posts", "0021_gate_rule"),
        ("comments", "0003_content_triggers"),
        ("subscriptions", "0005_last_issues"),
        ("cabinet", "0006_alter_folder_unique_together"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(groups.grant, migrations.RunPython.noop)]
