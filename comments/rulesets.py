"""The weights and lists in force: every version staff saved is kept, the newest one counts."""

from functools import lru_cache

from django.conf import settings
from django.db import models
from django.utils import timezone

from comments import defaults, spam
from comments.rules import Rules, domains_in, words_in


def first_words() -> str:
    return defaults.WORDS


def first_domains() -> str:
    return defaults.DOMAINS


class RuleSet(models.Model):
    """One version of the rules. Weights that equal the house's own are not written down."""

    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    weights = models.JSONField(default=dict, blank=True)
    words = models.TextField(blank=True, default=first_words)
    domains = models.TextField(blank=True, default=first_domains)

    class Meta:
        verbose_name = "spam rules"
        verbose_name_plural = "spam rules"
        ordering = ["-saved_at", "-pk"]
        default_permissions = ("view", "change")  # Saving anew is changing; nothing is deleted.

    def __str__(self) -> str:
        return f"Rules of {timezone.localtime(self.saved_at):%-d %B %Y, %H:%M}"

    def as_rules(self) -> Rules:
        weights = {code: points for code, (points, _) in defaults.WEIGHTS.items()}
        known = {code: points for code, points in self.weights.items() if code in weights}
        return Rules(weights | known, words_in(self.words), domains_in(self.domains))


def newest() -> RuleSet:
    """Return the version in force; before anything was saved, the unsaved one of the house."""
    return RuleSet.objects.order_by("-saved_at", "-pk").first() or RuleSet()


def current() -> Rules:
    """Return the rules in force; one small query, the lists are read when a new version is there.

    A version never changes, so a process may keep what it has read.
    """
    pk = RuleSet.objects.order_by("-saved_at", "-pk").values_list("pk", flat=True).first()
    return spam.default_rules() if pk is None else _rules_of(pk)


@lru_cache(maxsize=2)
def _rules_of(pk: int) -> Rules:
    return RuleSet.objects.get(pk=pk).as_rules()
