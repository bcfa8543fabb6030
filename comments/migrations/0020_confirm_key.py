from django.db import migrations, models

from comments import identities


class Migration(migrations.Migration):
    """What makes a confirmation link work once. One key for all rows there are: links hold theirs too."""

    dependencies = [("comments", "0019_spam_line")]

    operations = [
        migrations.AddField(
            "identity", "confirm_key",
            models.CharField(default=identities.new_key, editable=False, max_length=22),
        ),
    ]
