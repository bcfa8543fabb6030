from django.db import migrations

from pbrsite import groups


class Migration(migrations.Migration):
    """Editors see how well the mail is delivered, and may have the site write to itself."""

    dependencies = [
        ("pbrsite", "0008_grant_spam_rules"),
        ("subscriptions", "0010_mail_events"),
    ]
    operations = [migrations.RunPython(groups.grant, migrations.RunPython.noop)]
