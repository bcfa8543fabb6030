from django.db import migrations


class Migration(migrations.Migration):
    """The column nothing reads: search has its own rows (0030). Undone, it comes back empty."""

    dependencies = [("posts", "0034_searchentry_counts")]
    operations = [
        migrations.RemoveIndex(model_name="post", name="posts_post_search"),
        migrations.RemoveField(model_name="post", name="search_vector"),
    ]
