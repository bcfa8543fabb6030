import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

# Counting and ranking read the rows of very many posts and the vectors of few: those lie apart,
# uncompressed, since unpacking costs more than reading.
APART = """
ALTER TABLE posts_searchentry SET (toast_tuple_target = 256);
ALTER TABLE posts_searchentry ALTER COLUMN terms SET STORAGE EXTERNAL;
"""
# Whatever moves a post's state, search knows it in the same transaction.
RELEASE = """
CREATE FUNCTION release_searchentry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE posts_searchentry
    SET released_at = CASE WHEN NEW.status = 'published' THEN NEW.published_at END
    WHERE post_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER posts_post_releases_searchentry AFTER UPDATE ON posts_post FOR EACH ROW
WHEN (OLD.status IS DISTINCT FROM NEW.status OR OLD.published_at IS DISTINCT FROM NEW.published_at)
EXECUTE FUNCTION release_searchentry();
"""
# Words that lose a letter to the same rest. By the index, whatever the planner believes: of many
# rests it expects so many words that it would rather compare them with every word there is.
NEAR = """
CREATE FUNCTION searchterms_near(rests text[]) RETURNS SETOF posts_searchterm
LANGUAGE sql STABLE SET enable_seqscan = off
AS 'SELECT * FROM posts_searchterm WHERE nearby && rests AND posts > 0';
"""
UNNEAR = "DROP FUNCTION searchterms_near(text[])"
UNRELEASE = """
DROP TRIGGER posts_post_releases_searchentry ON posts_post;
DROP FUNCTION release_searchentry();
"""


class Migration(migrations.Migration):
    """The search index: a row for each post, and a row for each of its words."""

    dependencies = [("posts", "0029_record_citations")]
    operations = [
        migrations.CreateModel(
            name="SearchEntry",
            fields=[
                (
                    "post",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_entry",
                        serialize=False,
                        to="posts.post",
                    ),
                ),
                ("released_at", models.DateTimeField(null=True)),
                (
                    "authors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "tags",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                ("length", models.PositiveIntegerField()),
                (
                    "title",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), size=None
                    ),
                ),
                ("terms", django.contrib.postgres.search.SearchVectorField()),
                ("is_counted", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        "terms", name="posts_searchentry_terms"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SearchTerm",
            fields=[
                (
                    "term",
                    models.TextField(db_collation="C", primary_key=True, serialize=False),
                ),
                ("posts", models.BigIntegerField()),
                (
                    "nearby",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(db_collation="C"), default=list, size=None
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        "nearby", name="posts_searchterm_nearby"
                    )
                ],
            },
        ),
        migrations.RunSQL(APART, migrations.RunSQL.noop),
        migrations.RunSQL(RELEASE, UNRELEASE),
        migrations.RunSQL(NEAR, UNNEAR),
    ]
