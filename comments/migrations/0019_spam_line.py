from django.db import migrations, models
from django.db.models import CheckConstraint, Q


class Migration(migrations.Migration):
    """Where the site's own spam line stands. No page shows it: no content trigger."""

    dependencies = [("comments", "0012_rule_sets")]

    operations = [
        migrations.CreateModel(
            name="SpamLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("drawn_at", models.DateTimeField()),
                ("usual", models.FloatField()),
                ("resemblance", models.FloatField()),
                ("line", models.PositiveSmallIntegerField()),
                ("highest", models.SmallIntegerField()),
                ("honest", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [
                    CheckConstraint(name="comments_spamline_is_one", condition=Q(id=1)),
                    CheckConstraint(
                        name="comments_spamline_shares",
                        condition=Q(usual__gt=0, usual__lte=1, resemblance__gte=0, resemblance__lte=1),
                    ),
                ],
            },
        ),
    ]
