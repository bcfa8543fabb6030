from django.db import migrations, models
from django.db.models import Index, Q


class Migration(migrations.Migration):
    """Read a page of threads, the answers to a comment and the newest comments without a sort."""

    dependencies = [("comments", "0016_undo")]
    operations = [
        migrations.AddIndex(
            "comment",
            Index(fields=["-created_at", "-id"], name="comments_comment_latest",
                  condition=Q(state="published")),
        ),
        migrations.AddIndex(
            "comment",
            Index(
                fields=["post", "created_at", "id"],
                name="comments_comment_threads",
                condition=Q(depth=0)
                & (Q(state__in=["published", "hidden", "removed", "erased"])
                   | Q(decided_at__isnull=False) | Q(edited_at__isnull=False)),
            ),
        ),
        migrations.AddIndex(
            "comment",
            Index(fields=["parent", "created_at", "id"], name="comments_comment_answers",
                  condition=Q(parent__isnull=False)),
        ),
        # Beside that index its own would be chosen, and the answers sorted.
        migrations.AlterField(
            "comment",
            "parent",
            models.ForeignKey("comments.comment", db_index=False, null=True, blank=True,
                              on_delete=models.RESTRICT, related_name="replies"),
        ),
    ]  # fmt: skip
