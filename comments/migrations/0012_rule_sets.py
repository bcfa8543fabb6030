import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from comments import rulesets


class Migration(migrations.Migration):
    """The weights and lists staff saved, version by version. None yet: the house's own count."""

    dependencies = [
        ("comments", "0011_decision_findings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RuleSet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("saved_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("weights", models.JSONField(blank=True, default=dict)),
                ("words", models.TextField(blank=True, default=rulesets.first_words)),
                ("domains", models.TextField(blank=True, default=rulesets.first_domains)),
                ("saved_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "verbose_name": "spam rules",
                "verbose_name_plural": "spam rules",
                "ordering": ["-saved_at", "-pk"],
                "default_permissions": ("view", "change"),
            },
        ),
    ]
