import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """What an editor arranges for the next issue; an issue keeps the words on top of it."""

    dependencies = [
        ("posts", "0037_post_feed_id"),
        ("subscriptions", "0010_domain_counts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("issue", "introduction", models.CharField(blank=True, max_length=300)),
        migrations.CreateModel(
            name="Plan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(choices=[("instant", "As each post is published"), ("daily", "Every day at noon"), ("weekly", "Once a week")], max_length=8)),
                ("local_date", models.DateField()),
                ("introduction", models.CharField(blank=True, max_length=300)),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={"ordering": ["-local_date", "kind"]},
        ),
        migrations.CreateModel(
            name="PlanEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(null=True)),
                ("is_left_out", models.BooleanField(default=False)),
                ("plan", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="entries", to="subscriptions.plan")),
                ("post", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="posts.post")),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.AddConstraint(
            "plan",
            models.UniqueConstraint(fields=("kind", "local_date"), name="subscriptions_plan_once"),
        ),
        migrations.AddConstraint(
            "plan",
            models.CheckConstraint(
                condition=models.Q(("kind__in", ["daily", "weekly"])),
                name="subscriptions_plan_kind_has_noon",
            ),
        ),
        migrations.AddConstraint(
            "planentry",
            models.UniqueConstraint(fields=("plan", "post"), name="subscriptions_planentry_once"),
        ),
        migrations.AddConstraint(
            "planentry",
            models.CheckConstraint(
                condition=models.Q(("is_left_out", True), ("position", None))
                | models.Q(("is_left_out", False), ("position__isnull", False)),
                name="subscriptions_planentry_placed_or_out",
            ),
        ),
    ]
