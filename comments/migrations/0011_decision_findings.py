from django.db import migrations, models

FORWARD = """
UPDATE comments_moderationdecision SET reasons = coalesce((
    SELECT jsonb_agg(jsonb_build_object(
        'code', key, 'weight', value::int, 'evidence', '',
        'times', CASE WHEN key = 'links' THEN value::int / 15.0 ELSE 1 END
    )) FROM jsonb_each_text(reasons)
), '[]') WHERE jsonb_typeof(reasons) = 'object'
"""
BACKWARD = """
UPDATE comments_moderationdecision SET reasons = coalesce((
    SELECT jsonb_object_agg(one ->> 'code', (one ->> 'weight')::int)
    FROM jsonb_array_elements(reasons) AS one
), '{}') WHERE jsonb_typeof(reasons) = 'array'
"""


class Migration(migrations.Migration):
    """The log keeps what a replay needs: of each reason also how many times its weight counted."""

    dependencies = [("comments", "0010_lessons")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField(
            model_name="moderationdecision",
            name="reasons",
            field=models.JSONField(blank=True, default=list),
        ),
    ]
