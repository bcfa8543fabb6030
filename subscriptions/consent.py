"""What people agreed to and when, who must be left alone, and what was typed into a form."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import CheckConstraint, F, Q

from subscriptions import tokens
from subscriptions.issues import Kind


class ConsentEvent(models.Model):
    """One change of a subscriber's state: proof of what was agreed, when and how. Never an IP."""

    class Actor(models.TextChoices):
        SUBSCRIBER = "subscriber", "Subscriber"
        STAFF = "staff", "Staff"
        PROVIDER = "provider", "Mail provider"
        SYSTEM = "system", "The clock"

    subscriber = models.ForeignKey(
        "subscriptions.Subscriber", on_delete=models.CASCADE, related_name="events"
    )
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    actor = models.CharField(max_length=10, choices=Actor, default=Actor.SUBSCRIBER)
    method = models.CharField(max_length=60)
    wording = models.CharField(max_length=20)
    page = models.CharField(max_length=200, blank=True)
    # Of an import: where and when the person agreed, as whoever imported it says.
    source = models.CharField(max_length=300, blank=True)
    agreed_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            CheckConstraint(
                name="subscriptions_consentevent_changes_state",
                condition=~Q(from_state=F("to_state")) | Q(to_state="paused"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_state or 'new'} → {self.to_state}"


class Suppression(models.Model):
    """A keyed hash of an address that must be left alone. It outlives the person's row."""

    class Reason(models.TextChoices):
        COMPLAINT = "complaint", "Complained"
        BOUNCE = "bounce", "Bounced"
        ERASED = "erased", "Erased"

    key = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=10, choices=Reason)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            CheckConstraint(
                name="subscriptions_suppression_reason_known",
                condition=Q(reason__in=["complaint", "bounce", "erased"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} {self.pk}"

    @classmethod
    def add(cls, email: str, reason: str, *, at: datetime) -> None:
        """Keep an address out; of two reasons a complaint stays, the one nobody lifts."""
        known = cls.objects.filter(key__in=tokens.address_keys(email))
        if reason == cls.Reason.COMPLAINT and known.update(reason=reason, at=at):
            return
        if not known.exists():
            key = tokens.address_keys(email)[0]
            cls.objects.get_or_create(key=key, defaults={"reason": reason, "at": at})

    @classmethod
    def reason_for(cls, email: str) -> str:
        """Return why this address is left alone, or ""."""
        return cls.reasons_for([email]).get(email, "")

    @classmethod
    def reasons_for(cls, emails: Iterable[str]) -> dict[str, str]:
        """Return why which of these are left alone; one query. A complaint goes before the rest."""
        wanted = {key: email for email in emails for key in tokens.address_keys(email)}
        reasons: dict[str, str] = {}
        for key, reason in cls.objects.filter(key__in=wanted).values_list("key", "reason"):
            if reasons.get(wanted[key]) != cls.Reason.COMPLAINT:
                reasons[wanted[key]] = reason
        return reasons

    @classmethod
    def lift(cls, email: str) -> None:
        """Forget an entry after its owner proved and asked otherwise; a complaint stays."""
        found = cls.objects.filter(key__in=tokens.address_keys(email))
        found.exclude(reason=cls.Reason.COMPLAINT).delete()


class MailRequest(models.Model):
    """What somebody typed into a public form: one row, answered and emptied by a job.

    The request that writes it looks nothing up, so its time tells nothing about the address; and
    the queue's own table, which keeps its arguments, never holds an address.
    """

    class Purpose(models.TextChoices):
        SUBSCRIBE = "subscribe", "Sign up"
        MANAGE = "manage", "Preference link"
        INVITE = "invite", "Imported, asked to confirm"

    class Verdict(models.TextChoices):
        UNDECIDED = "", "Undecided"
        CONFIRMATION = "confirmation", "Confirmation"
        ALREADY = "already_subscribed", "Already subscribed"
        MANAGE_LINK = "manage_link", "Preference link"

    purpose = models.CharField(max_length=10, choices=Purpose)
    email = models.EmailField(max_length=254)
    frequency = models.CharField(max_length=8, choices=Kind, default=Kind.DAILY)
    tags = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    page = models.CharField(max_length=200, blank=True)
    is_trapped = models.BooleanField(default=False)
    # Whose second step, in a surge, lets this request go first: `tokens.browser` of its address.
    browser = models.CharField(max_length=32, blank=True)
    stepped_up_at = models.DateTimeField(null=True, blank=True)
    verdict = models.CharField(max_length=20, choices=Verdict, blank=True)
    subscriber = models.ForeignKey(
        "subscriptions.Subscriber", on_delete=models.CASCADE, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [
            # A second step finds its requests among the many of a surge.
            models.Index(fields=["browser"], name="subscriptions_mailrequest_step",
                         condition=Q(verdict="") & ~Q(browser="")),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"
