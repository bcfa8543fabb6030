from django.db import migrations

from pbrsite import groups


class Migration(migrations.Migration):
    """Editors and moderators see and change the spam rules."""

    dependencies = [
        ("pbrsite", "0006_grant_finding"),
        ("comments", "0012_rule_sets"),
    ]
    operations = [migrations.RunPython(groups.grant, migrations.RunPython.noop)]
