from django.db import migrations, models


class Migration(migrations.Migration):
    """Tell what was undone from what was decided, and find what one person decided lately."""

    dependencies = [("comments", "0015_staff_edits")]
    operations = [
        migrations.AddField(
            "moderationdecision", "is_undo", models.BooleanField("undone", default=False)
        ),
        migrations.AddIndex(
            "moderationdecision",
            models.Index(fields=["decided_by", "decided_at"], name="comments_decision_by_whom"),
        ),
    ]
