import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

import posts.library


class Migration(migrations.Migration):
    """An image knows its former files, whether it moves, and whether its renditions are made."""

    dependencies = [
        ("cabinet", "0006_alter_folder_unique_together"),
        ("posts", "0016_featured_posts_trigger"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="image",
            options={
                "ordering": ["-created_at", "-pk"],
                "verbose_name": "image",
                "verbose_name_plural": "images",
            },
        ),
        migrations.AddField(
            model_name="image",
            name="former_names",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=500),
                blank=True, default=list, editable=False, size=None,
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="is_animated",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="image",
            name="rendered_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="image",
            name="image_file",
            field=models.ImageField(
                db_index=True, height_field="image_height", max_length=500,
                upload_to=posts.library.upload_path, verbose_name="file",
                width_field="image_width",
            ),
        ),
        migrations.AddIndex(
            model_name="image",
            index=django.contrib.postgres.indexes.GinIndex(
                models.F("former_names"), name="posts_image_former_names"
            ),
        ),
    ]
