"""The words for subscribers: who gets mail, who still may confirm, who has this address."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet
from django.db.models.functions import Lower

from subscriptions.consent import ConsentEvent

if TYPE_CHECKING:
    from subscriptions.models import Subscriber  # noqa: F401 - named in a string


class SubscriberQuerySet(QuerySet["Subscriber"]):
    def active(self) -> Self:
        """Return those who get mail now; the twin of `Subscriber.is_active`."""
        return self.filter(state=self.model.State.ACTIVE)

    def unconfirmed(self, now: datetime) -> Self:
        """Return those who were asked to confirm and still may."""
        return self.filter(state=self.model.State.PENDING, confirm_expires_at__gt=now)

    def with_address(self, email: str) -> Self:
        """Return the one row of this address, however its letters are cased."""
        return self.alias(lowered=Lower("email")).filter(lowered=email.lower())

    def wake(self, *, at: datetime) -> int:
        """Make those active again whose pause is over; return how many. Idempotent."""
        due = self.filter(state=self.model.State.PAUSED, paused_until__lte=at)
        awake = 0
        for subscriber in due.order_by("pk"):
            awake += subscriber.resume(at=at, actor=ConsentEvent.Actor.SYSTEM, method="pause over")
        return awake
