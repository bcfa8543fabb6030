"""The moderation log: who moved which comment where, and when that was undone."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models import CheckConstraint, F, Index, Q
from django.utils import timezone

from comments import spam
from comments.states import State

if TYPE_CHECKING:
    from comments.models import Comment


class ModerationDecision(models.Model):
    """One line of the moderation log: who moved a comment where, and how it had been scored.

    No text, no address; it outlives the comment, and goes after three years. What was decided in
    one go has one `decided_at`.
    """

    comment = models.ForeignKey(
        "comments.Comment", on_delete=models.SET_NULL, null=True, related_name="decisions"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(default=timezone.now)
    from_state = models.CharField(max_length=9, choices=State)
    to_state = models.CharField(max_length=9, choices=State)
    score = models.SmallIntegerField(default=0)
    reasons = models.JSONField(default=list, blank=True)
    is_undo = models.BooleanField("undone", default=False)

    class Meta:
        ordering = ["-decided_at", "-pk"]
        indexes = [
            # What one person decided in the last minutes, which can be undone.
            Index(fields=["decided_by", "decided_at"], name="comments_decision_by_whom"),
        ]
        constraints = [
            CheckConstraint(
                name="comments_moderationdecision_moves", condition=~Q(from_state=F("to_state"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_from_state_display()} → {self.get_to_state_display()}"

    @classmethod
    def about(cls, comment: "Comment", *, to: str, by: User | None, at: datetime) -> Self:
        """Return the unsaved line; of the reasons what `spam.kept` lets through, no text."""
        kept = spam.kept(comment.reasons)
        return cls(comment=comment, decided_by=by, decided_at=at, from_state=comment.state,
                   to_state=to, score=comment.score, reasons=kept)  # fmt: skip
