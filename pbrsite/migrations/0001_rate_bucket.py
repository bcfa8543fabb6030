from django.db import migrations


class Migration(migrations.Migration):
    """The token buckets: UNLOGGED, since losing them in a crash costs nothing."""

    operations = [
        migrations.RunSQL(
            "CREATE UNLOGGED TABLE rate_bucket ("
            " key text PRIMARY KEY,"
            " tokens double precision NOT NULL,"
            " filled_at timestamptz NOT NULL)",
            "DROP TABLE rate_bucket",
        ),
    ]
