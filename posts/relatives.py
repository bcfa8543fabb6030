"""Rows that say which posts belong beside a post: computed ones, and the editor's own choice."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

WEAK = 0.15  # A computed score below this is no match to rely on.


class RelatedPost(models.Model):
    """One stored answer to "what else should a reader of this post see?", with its reason.

    More rows are stored than shown, so that a withdrawn relative leaves no gap.
    """

    post = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="relatives")
    related = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="related_to")
    position = models.PositiveSmallIntegerField()
    score = models.FloatField()
    reason = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        constraints = [
            UniqueConstraint(fields=["post", "related"], name="posts_relatedpost_once"),
            UniqueConstraint(fields=["post", "position"], name="posts_relatedpost_position_once"),
            CheckConstraint(name="posts_relatedpost_not_itself", condition=~Q(post=F("related"))),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.related_id}"

    @property
    def explanation(self) -> str:
        """Return the reason in an editor's words: pinned, or which tags and words they share."""
        if self.reason.get("pinned"):
            return "pinned by an editor"
        parts = []
        if tags := self.reason.get("tags"):
            parts.append(f"{len(tags)} shared tag{'s' * (len(tags) > 1)}: {', '.join(tags)}")
        if words := self.reason.get("words"):
            parts.append(f"words: {', '.join(words)}")
        return " · ".join(parts)


class RelatedChoice(models.Model):
    """The editor's word on a pair of posts: always show it first, or never."""

    class Verdict(models.TextChoices):
        PIN = "pin", "Pin to the top"
        BAN = "ban", "Never show"

    post = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="related_choices")
    related = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=3, choices=Verdict, default=Verdict.PIN)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order among the pins.")

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "related post chosen by hand"
        verbose_name_plural = "related posts chosen by hand"
        constraints = [
            UniqueConstraint(fields=["post", "related"], name="posts_relatedchoice_once"),
            CheckConstraint(name="posts_relatedchoice_not_itself", condition=~Q(post=F("related"))),
            CheckConstraint(
                name="posts_relatedchoice_verdict_known", condition=Q(verdict__in=["pin", "ban"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.related_id}"
