from importlib import import_module

from django.db import migrations

# Counting down post by post changes the rows of common words once for each: of some hundred posts
# that took half a minute. So a statement only notes what went, the words of all its posts together;
# the first of the notes to come due at the end of the transaction sees to all of them at once. At
# the end, so that the index is locked after the posts, as indexing does it.
# What is hidden is noted by its number, since it may be public again by then. The notes are gone
# when a transaction ends: no page shows the table, and nobody ever finds a row in it.
FORWARD = """
DROP TRIGGER posts_searchentry_uncounts_hidden ON posts_searchentry;
DROP TRIGGER posts_searchentry_uncounts_deleted ON posts_searchentry;
DROP FUNCTION uncount_searchentry();
DROP FUNCTION uncount_searchterms(tsvector, integer);

CREATE TABLE posts_searchdebt (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    post_id bigint,
    terms text[] NOT NULL DEFAULT '{}',
    posts bigint[] NOT NULL DEFAULT '{}'
);

CREATE FUNCTION note_hidden_searchentry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO posts_searchdebt (post_id) VALUES (NEW.post_id);
    RETURN NULL;
END $$;

CREATE FUNCTION note_deleted_searchentries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO posts_searchdebt (terms, posts)
    SELECT array_agg(term), array_agg(posts) FROM (
        SELECT term, count(*) AS posts FROM gone, unnest(tsvector_to_array(gone.terms)) AS term
        WHERE is_counted GROUP BY term
        UNION ALL
        SELECT '#words', sum(length) FROM gone WHERE is_counted
    ) AS counted HAVING bool_or(posts > 0);
    RETURN NULL;
END $$;

CREATE FUNCTION uncount_searchterms() RETURNS trigger LANGUAGE plpgsql
SET gin_pending_list_limit = '64kB' AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM posts_searchdebt) THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('posts_searchentry'));
    WITH noted AS (
        DELETE FROM posts_searchdebt RETURNING post_id, terms, posts
    ), hidden AS (
        UPDATE posts_searchentry AS entry SET is_counted = false
        FROM (SELECT DISTINCT post_id FROM noted) AS marked
        WHERE entry.post_id = marked.post_id AND is_counted
            AND (released_at IS NULL OR released_at > clock_timestamp())
        RETURNING entry.terms, entry.length
    ), given AS (
        SELECT single.term, single.posts
        FROM noted, unnest(noted.terms, noted.posts) AS single (term, posts)
        UNION ALL
        SELECT term, 1 FROM hidden, unnest(tsvector_to_array(hidden.terms)) AS term
        UNION ALL
        SELECT '#words', length FROM hidden
    )
    UPDATE posts_searchterm AS known SET posts = known.posts - total.posts
    FROM (SELECT term, sum(posts)::bigint AS posts FROM given GROUP BY term) AS total
    WHERE known.term = total.term;
    PERFORM gin_clean_pending_list('posts_searchentry_terms');
    RETURN NULL;
END $$;

CREATE TRIGGER posts_searchentry_notes_hidden AFTER UPDATE ON posts_searchentry FOR EACH ROW
WHEN (NEW.is_counted AND OLD.released_at IS DISTINCT FROM NEW.released_at)
EXECUTE FUNCTION note_hidden_searchentry();

CREATE TRIGGER posts_searchentry_notes_deleted AFTER DELETE ON posts_searchentry
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_deleted_searchentries();

CREATE CONSTRAINT TRIGGER posts_searchdebt_comes_due AFTER INSERT ON posts_searchdebt
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION uncount_searchterms();
"""
BACKWARD = """
DROP TRIGGER posts_searchentry_notes_hidden ON posts_searchentry;
DROP TRIGGER posts_searchentry_notes_deleted ON posts_searchentry;
DROP TABLE posts_searchdebt;
DROP FUNCTION note_hidden_searchentry();
DROP FUNCTION note_deleted_searchentries();
DROP FUNCTION uncount_searchterms();
"""
# As it was: see 0034, and 0038 for the limit.
OLD = import_module("posts.migrations.0034_searchentry_counts").UNCOUNT
LIMIT = "ALTER FUNCTION uncount_searchentry() SET gin_pending_list_limit = '64kB';"


class Migration(migrations.Migration):
    """Count the words of many posts that are deleted or hidden down together."""

    dependencies = [("posts", "0038_search_index_bulk")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD + OLD + LIMIT)]
