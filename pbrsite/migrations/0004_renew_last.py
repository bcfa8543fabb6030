from django.db import migrations

FORWARD = """
-- One row per transaction that changed what is public, gone again before it commits.
CREATE UNLOGGED TABLE content_renewal (
    renewed_in xid8 PRIMARY KEY DEFAULT pg_current_xact_id()
);

CREATE FUNCTION renew_content_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE content_version SET number = number + 1, changed_in = pg_current_xact_id()
    WHERE changed_in <> pg_current_xact_id();
    DELETE FROM content_renewal WHERE renewed_in = NEW.renewed_in;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER content_renewal_comes_last AFTER INSERT ON content_renewal
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION renew_content_last();

CREATE OR REPLACE FUNCTION renew_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO content_renewal DEFAULT VALUES ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION renew_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE content_version SET number = number + 1, changed_in = pg_current_xact_id()
    WHERE changed_in <> pg_current_xact_id();
    RETURN NULL;
END $$;
DROP TABLE content_renewal;
DROP FUNCTION renew_content_last();
"""


class Migration(migrations.Migration):
    """Take the one row of the content's version as the very last lock of a transaction.

    Postgres fires what a deferred trigger queues after everything queued before. So the foreign
    keys are checked first, and whoever holds the version waits for nobody: two editors saving
    different posts deadlocked, each holding what the other's check wanted.
    """

    dependencies = [("pbrsite", "0003_groups")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
