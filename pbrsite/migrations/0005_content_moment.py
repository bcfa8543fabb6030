from django.db import migrations

FORWARD = """
ALTER TABLE content_version ADD COLUMN renewed_at timestamptz NOT NULL DEFAULT now();

CREATE OR REPLACE FUNCTION renew_content_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE content_version
    SET number = number + 1, changed_in = pg_current_xact_id(), renewed_at = clock_timestamp()
    WHERE changed_in <> pg_current_xact_id();
    DELETE FROM content_renewal WHERE renewed_in = NEW.renewed_in;
    RETURN NULL;
END $$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION renew_content_last() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE content_version SET number = number + 1, changed_in = pg_current_xact_id()
    WHERE changed_in <> pg_current_xact_id();
    DELETE FROM content_renewal WHERE renewed_in = NEW.renewed_in;
    RETURN NULL;
END $$;

ALTER TABLE content_version DROP COLUMN renewed_at;
"""


class Migration(migrations.Migration):
    """When the content's version was renewed, for readers who ask by date (Last-Modified)."""

    dependencies = [("pbrsite", "0004_renew_last")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
