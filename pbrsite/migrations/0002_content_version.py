from django.db import migrations

FORWARD = """
CREATE TABLE content_version (
    number bigint NOT NULL,
    changed_in xid8 NOT NULL,
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row)
);
INSERT INTO content_version (number, changed_in) VALUES (1, pg_current_xact_id());

-- Called by deferred constraint triggers: the row is locked for the moment of the commit only, and
-- written once per transaction however many rows it changed.
CREATE FUNCTION renew_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE content_version SET number = number + 1, changed_in = pg_current_xact_id()
    WHERE changed_in <> pg_current_xact_id();
    RETURN NULL;
END $$;

-- The part of the version that moves by itself; the posts room says how.
CREATE FUNCTION content_clock(moment timestamptz) RETURNS timestamptz LANGUAGE sql STABLE
AS 'SELECT NULL::timestamptz';
"""
BACKWARD = """
DROP FUNCTION content_clock(timestamptz);
DROP FUNCTION renew_content() CASCADE;
DROP TABLE content_version;
"""


class Migration(migrations.Migration):
    """The version under which pages are kept (see pbrsite.pagecache)."""

    dependencies = [("pbrsite", "0001_rate_bucket")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
