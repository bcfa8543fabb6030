from django.db import migrations

from pbrsite import groups


class Migration(migrations.Migration):
    """Editors arrange and pause the noon e-mail; who keeps the list of subscribers has a group."""

    dependencies = [
        ("pbrsite", "0008_grant_spam_rules"),
        ("subscriptions", "0014_resending"),
    ]
    operations = [migrations.RunPython(groups.grant, migrations.RunPython.noop)]
