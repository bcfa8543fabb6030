from django.db import migrations, models


class Migration(migrations.Migration):
    """Whether a byline is a person's name, which citations turn round, or an organisation's."""

    dependencies = [("posts", "0024_listings")]
    operations = [
        migrations.AddField(
            model_name="author",
            name="is_organisation",
            field=models.BooleanField(
                default=False,
                help_text="Its name is never taken apart into first name and surname in citations.",
                verbose_name="an organisation",
            ),
        ),
    ]
