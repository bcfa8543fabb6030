from django.db import migrations, models


class Migration(migrations.Migration):
    """A part of a series is one post."""

    dependencies = [("posts", "0022_number_a_part_once")]
    operations = [
        migrations.AddConstraint(
            model_name="post",
            constraint=models.UniqueConstraint(
                fields=["series", "series_position"],
                name="posts_post_part_once",
                violation_error_message=(
                    "Another post is this part of the series already. Give this one the next "
                    "free number, or change the other first."
                ),
            ),
        ),
    ]
