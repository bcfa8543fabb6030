from django.db import migrations

FORWARD = """
CREATE CONSTRAINT TRIGGER posts_featuredpost_renews_content
AFTER INSERT OR UPDATE OR DELETE ON posts_featuredpost
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_content();
"""
BACKWARD = "DROP TRIGGER posts_featuredpost_renews_content ON posts_featuredpost;"


class Migration(migrations.Migration):
    """Topic pages show featured posts: a change of them gives the site a new content version."""

    dependencies = [("posts", "0015_tag_curation")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
