from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

# Kept in order at once: else each look would read a list of late comers.
INDEXES = (
    ("searchentry", "terms", "posts_searchentry_terms"),
    ("searchterm", "nearby", "posts_searchterm_nearby"),
)


def _in_state(model: str, field: str, name: str) -> list:
    return [
        migrations.RemoveIndex(model, name),
        migrations.AddIndex(model, GinIndex(field, name=name, fastupdate=False)),
    ]


class Migration(migrations.Migration):
    """Look into the search index without a list of late comers; nobody needs to edit it."""

    dependencies = [("posts", "0035_drop_search_vector")]

    operations = [
        *(
            migrations.SeparateDatabaseAndState(
                database_operations=[
                    migrations.RunSQL(
                        f"ALTER INDEX {name} SET (fastupdate = off)",
                        f"ALTER INDEX {name} RESET (fastupdate)",
                    )
                ],
                state_operations=_in_state(model, field, name),
            )
            for model, field, name in INDEXES
        ),
        *(
            migrations.AlterModelOptions(model, {"default_permissions": ()})
            for model, _, _ in INDEXES
        ),
    ]
