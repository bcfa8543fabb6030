from django.db import migrations

TABLES = ["posts_coauthor", "posts_announcedpart"]
TRIGGER = """
CREATE CONSTRAINT TRIGGER {table}_renews_content AFTER INSERT OR UPDATE OR DELETE ON {table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_content();
"""
FORWARD = "".join(TRIGGER.format(table=table) for table in TABLES)
BACKWARD = "".join(f"DROP TRIGGER {table}_renews_content ON {table};" for table in TABLES)


class Migration(migrations.Migration):
    """Further authors and announced parts are shown: a change of them turns the pages."""

    dependencies = [("posts", "0005_several_authors_and_announced_parts")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
