from django.db import migrations, models

# At the end of the transaction, so that the index is locked after the posts, as indexing does it.
UNCOUNT = """
CREATE FUNCTION uncount_searchterms(gone tsvector, words integer) RETURNS void
LANGUAGE sql AS $$
    UPDATE posts_searchterm SET posts = posts - CASE term WHEN '#words' THEN words ELSE 1 END
    WHERE term = ANY(tsvector_to_array(gone) || '#words'::text)
$$;

CREATE FUNCTION uncount_searchentry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('posts_searchentry'));
    IF TG_OP = 'DELETE' THEN
        PERFORM uncount_searchterms(OLD.terms, OLD.length);
        RETURN NULL;
    END IF;
    UPDATE posts_searchentry SET is_counted = false
    WHERE post_id = NEW.post_id AND is_counted
        AND (released_at IS NULL OR released_at > clock_timestamp());
    IF FOUND THEN
        PERFORM uncount_searchterms(terms, length) FROM posts_searchentry
        WHERE post_id = NEW.post_id;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER posts_searchentry_uncounts_hidden
AFTER UPDATE ON posts_searchentry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.is_counted AND OLD.released_at IS DISTINCT FROM NEW.released_at)
EXECUTE FUNCTION uncount_searchentry();

CREATE CONSTRAINT TRIGGER posts_searchentry_uncounts_deleted
AFTER DELETE ON posts_searchentry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (OLD.is_counted)
EXECUTE FUNCTION uncount_searchentry();
"""
NOT_UNCOUNT = """
DROP TRIGGER posts_searchentry_uncounts_hidden ON posts_searchentry;
DROP TRIGGER posts_searchentry_uncounts_deleted ON posts_searchentry;
DROP FUNCTION uncount_searchentry();
DROP FUNCTION uncount_searchterms(tsvector, integer);
"""
# What was counted before it was public, or still though it is no longer.
TAKE_BACK = """
WITH hidden AS (
    UPDATE posts_searchentry SET is_counted = false
    WHERE is_counted AND (released_at IS NULL OR released_at > now())
    RETURNING terms, length
), counted AS (
    SELECT unnest(tsvector_to_array(terms)) AS term, 1 AS posts FROM hidden
    UNION ALL SELECT '#words', length FROM hidden
), total AS (
    SELECT term, sum(posts) AS posts FROM counted GROUP BY term
)
UPDATE posts_searchterm SET posts = posts_searchterm.posts - total.posts
FROM total WHERE posts_searchterm.term = total.term
"""


class Migration(migrations.Migration):
    """Count the words of what the public sees, of nothing else."""

    dependencies = [("posts", "0033_term_vectors")]
    operations = [
        migrations.RunSQL(TAKE_BACK, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="searchentry",
            index=models.Index(
                "released_at",
                condition=models.Q(("is_counted", False), ("released_at__isnull", False)),
                name="posts_searchentry_uncounted",
            ),
        ),
        migrations.RunSQL(UNCOUNT, NOT_UNCOUNT),
    ]
