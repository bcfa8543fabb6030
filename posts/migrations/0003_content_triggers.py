from django.db import migrations

TABLES = [
    "posts_post", "posts_tag", "posts_tag_subtopics", "posts_taggedpost", "posts_author",
    "posts_series", "posts_image", "posts_relatedpost",
]
TRIGGER = """
CREATE CONSTRAINT TRIGGER {table}_renews_content AFTER INSERT OR UPDATE OR DELETE ON {table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_content();
"""
CLOCK = """
CREATE OR REPLACE FUNCTION content_clock(moment timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS
'SELECT max(published_at) FROM posts_post WHERE status = ''published'' AND published_at <= moment';
"""
FORWARD = "".join(TRIGGER.format(table=table) for table in TABLES) + CLOCK
BACKWARD = (
    "CREATE OR REPLACE FUNCTION content_clock(moment timestamptz) RETURNS timestamptz"
    " LANGUAGE sql STABLE AS"
    " 'SELECT NULL::timestamptz';"
    + "".join(f"DROP TRIGGER {table}_renews_content ON {table};" for table in TABLES)
)


class Migration(migrations.Migration):
    """A change of what this room shows gives the site a new content version."""

    dependencies = [("posts", "0002_library_folder"), ("pbrsite", "0002_content_version")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
