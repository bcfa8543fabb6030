"""Rows that say which posts belong beside a post: computed ones, and the editor's own choice."""

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

WEAK = 0.3  # A computed score below this is no match to rely on: 3 in 100 are linked by hand.
_LINKS = {
    "series": "same series",
    "cites": "linked from this post",
    "cited_by": "links to this post",
}


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
        """Return the reason in an editor's words, the strongest first."""
        if self.reason.get("pinned"):
            return "pinned by an editor"
        links = [said for key, said in _LINKS.items() if self.reason.get(key)]
        words = ", ".join(self.reason.get("words", []))
        said = [*links, self._tags(), f"words: {words}" if words else ""]
        return " · ".join(filter(None, said))

    def _tags(self) -> str:
        tags, rare = self.reason.get("tags", []), self.reason.get("rare_tags", 0)
        if not tags:
            return ""
        kind = "rare" if rare == len(tags) else "shared"
        some = f" ({rare} rare)" if 0 < rare < len(tags) else ""
        return f"{len(tags)} {kind} tag{'s' * (len(tags) > 1)}{some}: {', '.join(tags)}"


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
