"""How strict the publish gate is: a level per rule, where editors chose another than ours."""

from django.db import models
from django.db.models import CheckConstraint, Q


class Level(models.TextChoices):
    BLOCK = "block", "Stops publishing"
    WARN = "warn", "Warns"
    OFF = "off", "Is not asked"


class GateRule(models.Model):
    """A rule's level as editors set it. A rule without a row has the level of `posts.rules`."""

    rule = models.CharField(
        max_length=40,
        unique=True,
        error_messages={"unique": "This rule has a level already: change it in the list."},
    )
    level = models.CharField(max_length=5, choices=Level)

    class Meta:
        ordering = ["rule"]
        constraints = [
            CheckConstraint(
                name="posts_gaterule_level_known", condition=Q(level__in=["block", "warn", "off"])
            )
        ]

    def __str__(self) -> str:
        return self.rule

    @staticmethod
    def levels() -> dict[str, str]:
        """Return what editors chose, by the name of the rule; one query."""
        return dict(GateRule.objects.values_list("rule", "level"))
