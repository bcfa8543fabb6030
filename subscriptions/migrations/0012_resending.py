from django.db import migrations, models


class Migration(migrations.Migration):
    """Sending again by hand to whom it is uncertain: when, and who may."""

    dependencies = [("subscriptions", "0011_plans")]

    operations = [
        migrations.AddField("issue", "resent_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField("delivery", "resent_at", models.DateTimeField(editable=False, null=True)),
        migrations.AlterModelOptions(
            "issue",
            {
                "ordering": ["-scheduled_for", "-pk"],
                "permissions": [
                    ("pause_issue", "Can pause and resume an issue"),
                    ("plan_issue", "Can arrange the next issue and send tests of it"),
                    ("resend_issue", "Can send an issue again to whom it is uncertain"),
                ],
            },
        ),
    ]
