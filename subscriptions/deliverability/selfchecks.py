"""What became of the mails the site sends to itself: the proof that others can trust its mail."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.db import models
from django.db.models import CheckConstraint, F, Q

OVERDUE_AFTER = timedelta(hours=3)
STALE_AFTER = timedelta(hours=36)  # One a day, and some patience.


class SelfCheckQuerySet(models.QuerySet["SelfCheck"]):
    def arrived(self) -> Self:
        return self.exclude(arrived_at=None)

    def overdue(self, now: datetime) -> Self:
        """Return those that should have arrived; the twin of `SelfCheck.is_overdue`."""
        return self.filter(arrived_at=None, sent_at__lte=now - OVERDUE_AFTER)


class SelfCheck(models.Model):
    """One mail through the relay to the site's own mailbox, and how it looked on arrival.

    Results are those of RFC 8601 ("pass", "fail", "none", …); "" says that nobody told.
    """

    sent_at = models.DateTimeField()
    arrived_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=200, blank=True, help_text="Why it was not handed over.")
    checked_by = models.CharField(max_length=200, blank=True, help_text="Whose results these are.")
    spf = models.CharField("SPF", max_length=20, blank=True)
    dkim = models.CharField("DKIM", max_length=20, blank=True)
    dmarc = models.CharField("DMARC", max_length=20, blank=True)
    signing_domain = models.CharField(max_length=253, blank=True)
    is_aligned = models.BooleanField(null=True)
    unsigned = models.CharField(
        "headers not signed", max_length=200, blank=True,
        help_text="Of those that have to be: From, Subject, Message-ID and both for unsubscribing.",
    )  # fmt: skip

    objects: ClassVar[SelfCheckQuerySet] = SelfCheckQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-sent_at", "-pk"]
        verbose_name = "self-check"
        verbose_name_plural = "deliverability"
        permissions = [
            ("view_deliverability", "Can see how well the mail is delivered"),
            ("run_selfcheck", "Can have the site write to itself"),
        ]
        constraints = [
            CheckConstraint(
                name="subscriptions_selfcheck_arrives_after_sending",
                condition=Q(arrived_at=None) | Q(arrived_at__gte=F("sent_at")),
            )
        ]

    def __str__(self) -> str:
        return f"Self-check {self.pk}"

    def is_overdue(self, now: datetime) -> bool:
        return self.arrived_at is None and self.sent_at <= now - OVERDUE_AFTER

    @property
    def seconds(self) -> int | None:
        """Return how long it was on its way."""
        if self.arrived_at is None:
            return None
        return round((self.arrived_at - self.sent_at).total_seconds())

    def problems(self, now: datetime) -> list[str]:
        """Return in words what receivers will hold against the site's mail."""
        if self.trouble:
            return [f"The relay did not take it: {self.trouble}"]
        if self.arrived_at is None:
            hours = OVERDUE_AFTER.total_seconds() / 3600
            return [f"It has not arrived within {hours:.0f} hours."] if self.is_overdue(now) else []
        found = [
            f"{name} says “{result}”."
            for name, result in (("SPF", self.spf), ("DKIM", self.dkim), ("DMARC", self.dmarc))
            if result not in {"pass", ""}
        ]
        if not self.signing_domain:
            found.append("It carries no DKIM signature.")
        elif not self.is_aligned:
            found.append(f"It is signed by {self.signing_domain}, not by the sender’s domain.")
        if self.unsigned and self.signing_domain:
            found.append(f"Not signed: {self.unsigned}.")
        return found
