from django.db import migrations

FORWARD = """
UPDATE posts_post SET series_position = NULL WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (
            PARTITION BY series_id, series_position ORDER BY published_at, id
        ) AS place
        FROM posts_post WHERE series_position IS NOT NULL
    ) AS numbered WHERE place > 1
);
"""


class Migration(migrations.Migration):
    """Where two posts were the same part of a series, the first keeps the number."""

    dependencies = [("posts", "0021_gate_rule")]
    operations = [migrations.RunSQL(FORWARD, migrations.RunSQL.noop)]
