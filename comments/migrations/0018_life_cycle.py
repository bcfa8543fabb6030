from django.db import migrations

FORWARD = """
CREATE FUNCTION comments_comment_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'row of "comments_comment" violates "%"', TG_ARGV[0]
    USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
END $$;

CREATE TRIGGER comments_comment_erased_is_final BEFORE UPDATE OF state ON comments_comment
FOR EACH ROW WHEN (OLD.state = 'erased' AND NEW.state <> 'erased')
EXECUTE FUNCTION comments_comment_refuse('comments_comment_erased_is_final');

-- Each level is one below what it answers, so that no thread can bite its own tail.
CREATE FUNCTION comments_comment_check_level() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM comments_comment AS answer
        JOIN comments_comment AS above ON above.id = answer.parent_id
        WHERE (answer.id = NEW.id OR answer.parent_id = NEW.id) AND answer.depth <> above.depth + 1
    ) THEN
        RAISE EXCEPTION 'row of "comments_comment" violates "comments_comment_below_parent"'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'comments_comment_below_parent',
              TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER comments_comment_below_parent
AFTER INSERT ON comments_comment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION comments_comment_check_level();

CREATE CONSTRAINT TRIGGER comments_comment_still_below_parent
AFTER UPDATE OF parent_id, depth ON comments_comment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (OLD.parent_id IS DISTINCT FROM NEW.parent_id OR OLD.depth <> NEW.depth)
EXECUTE FUNCTION comments_comment_check_level();
"""
BACKWARD = """
DROP TRIGGER comments_comment_erased_is_final ON comments_comment;
DROP TRIGGER comments_comment_below_parent ON comments_comment;
DROP TRIGGER comments_comment_still_below_parent ON comments_comment;
DROP FUNCTION comments_comment_refuse();
DROP FUNCTION comments_comment_check_level();
"""


class Migration(migrations.Migration):
    """What no CHECK can say of a row alone: erased stays erased, an answer is one level down."""

    dependencies = [("comments", "0017_thread_indexes")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
