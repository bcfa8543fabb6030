from django.db import migrations, models


class Migration(migrations.Migration):
    """The dates of posts beside their numbers: the sitemap's index reads no whole rows."""

    dependencies = [("posts", "0026_paragraph_anchors")]
    operations = [
        migrations.AddIndex(
            model_name="post",
            index=models.Index(
                condition=models.Q(("status", "published")),
                fields=["id"],
                include=("published_at", "revised_at", "corrected_at"),
                name="posts_post_sitemap",
            ),
        ),
    ]
