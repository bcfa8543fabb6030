from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

# Whoever indexes posts empties the list of late comers in the same transaction. The triggers that
# follow a post's state do not, so for them the list is as short as it can be: two posts or three.
# And a count that changes with every post finds room on its own page, which spares its indexes.
FORWARD = """
ALTER INDEX posts_searchentry_terms SET (fastupdate = on);
ALTER FUNCTION release_searchentry() SET gin_pending_list_limit = '64kB';
ALTER FUNCTION uncount_searchentry() SET gin_pending_list_limit = '64kB';
ALTER TABLE posts_searchterm SET (fillfactor = 60);
"""
BACKWARD = """
ALTER TABLE posts_searchterm RESET (fillfactor);
ALTER FUNCTION uncount_searchentry() RESET gin_pending_list_limit;
ALTER FUNCTION release_searchentry() RESET gin_pending_list_limit;
ALTER INDEX posts_searchentry_terms SET (fastupdate = off);
SELECT gin_clean_pending_list('posts_searchentry_terms');
"""


class Migration(migrations.Migration):
    """Sort the words of many new posts into the index together."""

    dependencies = [("posts", "0037_post_feed_id")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD, BACKWARD)],
            state_operations=[
                migrations.RemoveIndex("searchentry", "posts_searchentry_terms"),
                migrations.AddIndex(
                    "searchentry",
                    GinIndex("terms", name="posts_searchentry_terms", fastupdate=True),
                ),
            ],
        ),
    ]
