from django.db import migrations

from pbrsite import groups


class Migration(migrations.Migration):
    """Editors arrange the noon e-mail and see how it fares; a group keeps the list of subscribers."""

    dependencies = [
        ("pbrsite", "0008_grant_spam_rules"),
        ("subscriptions", "0012_resending"),
    ]
    operations = [migrations.RunPython(groups.grant, migrations.RunPython.noop)]
