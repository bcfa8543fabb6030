import django.contrib.postgres.indexes
import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models


class Migration(migrations.Migration):
    """What related posts are computed from; no page shows it, so it has no content trigger."""

    dependencies = [("posts", "0032_imported_item")]
    operations = [
        migrations.CreateModel(
            name="DocumentFrequency",
            fields=[
                ("word", models.IntegerField(primary_key=True, serialize=False)),
                ("posts", models.PositiveIntegerField()),
            ],
            options={"verbose_name_plural": "document frequencies", "default_permissions": ()},
        ),
        migrations.CreateModel(
            name="TermVector",
            fields=[
                (
                    "post",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="term_vector",
                        serialize=False,
                        to="posts.post",
                    ),
                ),
                ("telling", ArrayField(base_field=models.IntegerField())),
                ("words", models.BinaryField()),
                ("counts", models.BinaryField()),
                ("phrases", models.BinaryField()),
                ("stressed", models.PositiveSmallIntegerField()),
                ("length", models.FloatField()),
            ],
            options={
                "default_permissions": (),
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        "telling", name="posts_termvector_telling", fastupdate=False
                    )
                ],
            },
        ),
    ]
