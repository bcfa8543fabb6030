from django.db import migrations


class Migration(migrations.Migration):
    """A reply belongs to its parent's post: a foreign key over both columns, which Django has not."""

    dependencies = [("comments", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE comments_comment ADD CONSTRAINT comments_comment_parent_same_post"
            " FOREIGN KEY (parent_id, post_id) REFERENCES comments_comment (id, post_id)"
            " DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE comments_comment DROP CONSTRAINT comments_comment_parent_same_post",
        ),
    ]
