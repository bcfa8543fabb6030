import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What staff's decisions teach the classifier. No public page shows it: no content trigger."""

    dependencies = [("comments", "0018_life_cycle")]

    operations = [
        migrations.CreateModel(
            name="SpamToken",
            fields=[
                ("token", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("spam", models.PositiveIntegerField(default=0)),
                ("honest", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="Lesson",
            fields=[
                ("comment", models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="+", serialize=False, to="comments.comment")),
                ("is_spam", models.BooleanField()),
                ("tokens", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("tokens__len__gt", 0)), name="comments_lesson_teaches_something")
                ],
            },
        ),
    ]
