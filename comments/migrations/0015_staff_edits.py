from django.db import migrations, models


class Migration(migrations.Migration):
    """When the editors changed a reader's words, which the page says beside them."""

    dependencies = [("comments", "0006_reply_notices")]
    operations = [
        migrations.AddField(
            "comment", "staff_edited_at", models.DateTimeField(blank=True, editable=False, null=True)
        ),
    ]
