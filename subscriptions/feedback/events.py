"""What the mail system tells about mail that was sent, and how well each of its sources is heard.

An event is kept as far as it may change something: never that somebody opened or clicked.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import CheckConstraint, F, Q, UniqueConstraint

from pbrsite.characters import printable
from subscriptions.deliveries import Delivery
from subscriptions.feedback import bounces

if TYPE_CHECKING:
    from subscriptions.models import Subscriber

KEPT_FOR = timedelta(days=60)  # Twice what the panel shows; what an event changed stays.
HEARD_EVERY = timedelta(minutes=1)  # A source that speaks all the time is noted once a minute.
MASK = "…"
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:]{1,100}@[^\s<>()\[\]\"',;:]+")


class MailEventQuerySet(models.QuerySet["MailEvent"]):
    def waiting(self) -> Self:
        """Return events no job has weighed yet."""
        return self.filter(weighed_at=None)

    def since(self, moment: datetime) -> Self:
        return self.filter(received_at__gte=moment)

    def record(self, events: Iterable["MailEvent"]) -> int:
        """Keep those not known yet, by source and key; return how many. Idempotent.

        What is older than events are kept is not: it may be one that was forgotten since.
        """
        # Rows that conflict are passed over, and Django cannot tell them from those written.
        told = {
            (one.source, one.key): one
            for one in events
            if one.happened_at > one.received_at - KEPT_FOR
        }
        keys = [key for _, key in told]
        known = set(self.filter(key__in=keys).values_list("source", "key"))
        fresh = [one for name, one in told.items() if name not in known]
        self.bulk_create(fresh, ignore_conflicts=True)
        return len(fresh)


class MailEvent(models.Model):
    """One thing a provider, a returned message or the relay said of one person's mail."""

    class Kind(models.TextChoices):
        HARD = "hard", "Hard bounce"
        SOFT = "soft", "Soft bounce"
        POLICY = "policy", "Refused on our account"
        COMPLAINT = "complaint", "Complaint"
        LEAVE = "leave", "Unsubscribed at the provider"

    class Effect(models.TextChoices):
        WAITING = "", "Waiting"
        STOPPED = "stopped", "No more mail"
        COUNTED = "counted", "Counted"
        STALE = "stale", "Older than the last consent"
        NONE = "none", "Nothing to change"

    source = models.CharField(max_length=20)
    key = models.CharField(max_length=64, help_text="The same for the same event told again.")
    kind = models.CharField(max_length=10, choices=Kind)
    subscriber = models.ForeignKey(
        "subscriptions.Subscriber", on_delete=models.CASCADE, related_name="mail_events"
    )
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, null=True, blank=True, related_name="mail_events"
    )
    status = models.CharField(max_length=12, blank=True)
    words = models.CharField(max_length=200, blank=True, help_text="Without any address.")
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField()
    weighed_at = models.DateTimeField(null=True, blank=True)
    effect = models.CharField(max_length=10, choices=Effect, blank=True)

    objects: ClassVar[MailEventQuerySet] = MailEventQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-received_at", "-pk"]
        indexes = [
            # The job: what is waiting.
            models.Index(fields=["id"], name="subscriptions_event_waiting",
                         condition=Q(weighed_at=None)),
            # The panel and what is forgotten: the last ones.
            models.Index(fields=["received_at"], name="subscriptions_event_last"),
        ]  # fmt: skip
        constraints = [
            UniqueConstraint(fields=["source", "key"], name="subscriptions_mailevent_once"),
            CheckConstraint(
                name="subscriptions_mailevent_kind_known",
                condition=Q(kind__in=["hard", "soft", "policy", "complaint", "leave"]),
            ),
            CheckConstraint(
                name="subscriptions_mailevent_weighed_has_effect",
                condition=Q(weighed_at=None, effect="") | (~Q(weighed_at=None) & ~Q(effect="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    def in_words(self) -> str:
        """Return what it says and who says so, to follow other words."""
        words = f"{self.get_kind_display().lower()}, told by {self.source}"
        return f"{words}: {self.status}" if self.status else words

    def settle(self, effect: str, *, at: datetime) -> bool:
        """Claim the event and say what it changed; return whether this call won it."""
        waiting = MailEvent.objects.waiting().filter(pk=self.pk)
        return bool(waiting.update(effect=effect, weighed_at=at))


class MailSource(models.Model):
    """Where events come from, when it was last heard, and what is wrong with it."""

    name = models.CharField(max_length=20, unique=True)
    heard_at = models.DateTimeField(null=True, blank=True)
    trouble = models.CharField(max_length=200, blank=True)
    trouble_since = models.DateTimeField(null=True, blank=True)
    passed_by = models.PositiveIntegerField(default=0, help_text="Told, but not to be understood.")

    class Meta:
        ordering = ["name"]
        constraints = [
            CheckConstraint(
                name="subscriptions_mailsource_trouble_has_time",
                condition=Q(trouble="", trouble_since=None)
                | (~Q(trouble="") & Q(trouble_since__isnull=False)),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def heard(cls, name: str, *, at: datetime, passed_by: int = 0) -> None:
        """Note that a source spoke and was understood, but for so many of its messages."""
        news = Q(heard_at=None) | Q(heard_at__lt=at - HEARD_EVERY) | ~Q(trouble="")
        rows = cls.objects.filter(name=name)
        if not passed_by:
            rows = rows.filter(news)
        noted = rows.update(
            heard_at=at, trouble="", trouble_since=None, passed_by=F("passed_by") + passed_by
        )
        if not noted:
            cls.objects.get_or_create(name=name, defaults={"heard_at": at, "passed_by": passed_by})

    @classmethod
    def failed(cls, name: str, words: str, *, at: datetime) -> None:
        """Note what is wrong with a source, and since when."""
        source, _ = cls.objects.get_or_create(name=name)
        since = source.trouble_since or at
        cls.objects.filter(pk=source.pk).update(trouble=words[:200], trouble_since=since)


def kind_of_bounce(bounce: bounces.Bounce) -> MailEvent.Kind | None:
    """Return the event that a classified bounce is; None for what is none, or only a delay."""
    if bounce.kind == bounces.Kind.COMPLAINT:
        return MailEvent.Kind.COMPLAINT
    if bounce.kind == bounces.Kind.NONE or bounce.is_delay:
        return None
    if bounce.is_about_us:
        return MailEvent.Kind.POLICY
    is_hard = bounce.kind == bounces.Kind.HARD
    return MailEvent.Kind.HARD if is_hard else MailEvent.Kind.SOFT


def masked(words: str, email: str) -> str:
    """Return a mail system's words on one line and without any address, in full or in part."""
    # No table takes half a character, which a charset such as UTF-7 or an escape in JSON can write.
    text = _ADDRESS.sub(MASK, " ".join(printable(words).split()))
    local, _, _ = email.partition("@")
    if len(local) > 1:
        text = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", MASK, text, flags=re.IGNORECASE)
    return text[:200]


def last_sent(subscriber: "Subscriber") -> int | None:
    """Return the number of the last delivery the relay took for a person."""
    sent = Delivery.objects.filter(subscriber=subscriber, state=Delivery.State.SENT)
    return sent.order_by("-pk").values_list("pk", flat=True).first()


def moment(given: object, now: datetime) -> datetime:
    """Return when it happened, as far as what was told can be: never later than now."""
    if not isinstance(given, datetime):
        return now
    return min(now, given if given.tzinfo else given.replace(tzinfo=UTC))
