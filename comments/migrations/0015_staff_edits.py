from django.db import migrations, models


class Migration(migrations.Migration):
    """When the editors changed a reader's words, which the page says beside them."""

    dependencies = [("comments", "0003_content_triggers")]
    operations = [
        migrations.AddField(
            "comment", "staff_edited_at", models.DateTimeField(blank=True, editable=False, null=True)
        ),
    ]
