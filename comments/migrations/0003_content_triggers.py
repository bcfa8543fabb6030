from django.db import migrations

FORWARD = """
CREATE CONSTRAINT TRIGGER comments_comment_insert_renews_content AFTER INSERT ON comments_comment
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.state = 'published') EXECUTE FUNCTION renew_content();

CREATE CONSTRAINT TRIGGER comments_comment_update_renews_content AFTER UPDATE ON comments_comment
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (OLD.state <> NEW.state OR NEW.state = 'published') EXECUTE FUNCTION renew_content();

CREATE CONSTRAINT TRIGGER comments_comment_delete_renews_content AFTER DELETE ON comments_comment
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (OLD.state <> 'held' AND OLD.state <> 'spam') EXECUTE FUNCTION renew_content();
"""
BACKWARD = """
DROP TRIGGER comments_comment_insert_renews_content ON comments_comment;
DROP TRIGGER comments_comment_update_renews_content ON comments_comment;
DROP TRIGGER comments_comment_delete_renews_content ON comments_comment;
"""


class Migration(migrations.Migration):
    """A decision about a comment gives the site a new content version; a held comment does not."""

    dependencies = [("comments", "0002_parent_of_same_post"), ("pbrsite", "0002_content_version")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
