"""The tables of the noon round: an issue, its posts, its editions, and the ledger of deliveries."""

from datetime import datetime
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import CheckConstraint, Count, Q, UniqueConstraint
from django.urls import reverse

from posts.models import Post


class Kind(models.TextChoices):
    """How often: the frequency a person chose, and the kind of an issue."""

    INSTANT = "instant", "As each post is published"
    DAILY = "daily", "Every day at noon"
    WEEKLY = "weekly", "Once a week"


class IssueQuerySet(models.QuerySet["Issue"]):
    def sent(self) -> Self:
        """Return issues whose posts went out, or are going out."""
        return self.filter(state__in=[Issue.State.SENDING, Issue.State.PAUSED, Issue.State.DONE])

    def with_accounting(self) -> Self:
        """Add `audience` and one number per state of its deliveries, in the same query.

        For each issue: audience = sent + rejected + unknown + cancelled + suppressed + expired
        + still_open.
        """
        final = [state for state in Delivery.State if state not in OPEN]
        counts = {
            f"{state}_count": Count("deliveries", filter=Q(deliveries__state=state))
            for state in final
        }
        return self.annotate(
            audience=Count("deliveries"),
            still_open=Count("deliveries", filter=Q(deliveries__state__in=OPEN)),
            **counts,
        )


class Issue(models.Model):
    """One noon (or one instant post, or one week) of the site, frozen at its cutoff."""

    class State(models.TextChoices):
        SENDING = "sending", "Sending"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        EMPTY = "empty", "Nothing new"
        SKIPPED_LATE = "skipped_late", "Skipped: too late in the day"

    kind = models.CharField(max_length=8, choices=Kind)
    local_date = models.DateField(help_text="The day whose noon this is; of a week, its Friday.")
    post = models.ForeignKey(
        Post, on_delete=models.CASCADE, null=True, blank=True, related_name="+",
        help_text="Of an instant issue, its only post.",
    )  # fmt: skip
    scheduled_for = models.DateTimeField()
    cutoff = models.DateTimeField()
    frozen_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.SENDING)
    pause_reason = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    # The rendering with every post in it: the preview, and what most people got.
    subject = models.CharField(max_length=300, blank=True)
    html = models.TextField(blank=True)
    text = models.TextField(blank=True)
    posts = models.ManyToManyField(Post, through="IssuePost", related_name="+")

    objects: ClassVar[IssueQuerySet] = IssueQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-scheduled_for", "-pk"]
        permissions = [("pause_issue", "Can pause and resume an issue")]
        constraints = [
            UniqueConstraint(
                fields=["kind", "local_date"],
                name="subscriptions_issue_date_once",
                condition=~Q(kind="instant"),
            ),
            UniqueConstraint(
                fields=["kind", "post"],
                name="subscriptions_issue_post_once",
                condition=Q(kind="instant"),
            ),
            CheckConstraint(
                name="subscriptions_issue_kind_known",
                condition=Q(kind__in=["instant", "daily", "weekly"]),
            ),
            CheckConstraint(
                name="subscriptions_issue_post_is_instant",
                condition=Q(kind="instant", post__isnull=False)
                | (~Q(kind="instant") & Q(post=None)),
            ),
            CheckConstraint(
                name="subscriptions_issue_state_known",
                condition=Q(state__in=["sending", "paused", "done", "empty", "skipped_late"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.local_date:%-d %B %Y}"

    def get_absolute_url(self) -> str:
        day = f"{self.local_date:%Y %m %d}".split()
        return reverse("subscriptions:issue", args=day)

    def pause(self, *, reason: str) -> bool:
        """Stop sending; what is open stays open. Return whether this call did it."""
        rows = Issue.objects.filter(pk=self.pk, state=self.State.SENDING)
        return bool(rows.update(state=self.State.PAUSED, pause_reason=reason[:200]))

    def resume(self) -> bool:
        """Go on sending with the next ring. Return whether this call did it."""
        rows = Issue.objects.filter(pk=self.pk, state=self.State.PAUSED)
        return bool(rows.update(state=self.State.SENDING, pause_reason=""))

    deliveries: "models.Manager[Delivery]"
    editions: "models.Manager[Edition]"


class IssuePost(models.Model):
    """A post that went, or was due to go, in an issue: once for each kind."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="issue_posts")
    kind = models.CharField(max_length=8, choices=Kind)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            UniqueConstraint(fields=["kind", "post"], name="subscriptions_issuepost_once")
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.post_id}"


class Edition(models.Model):
    """One rendering of an issue for everybody who gets the same posts, with placeholders in it."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="editions")
    fresh = ArrayField(models.BigIntegerField(), help_text="Posts of this issue, in order.")
    again = ArrayField(models.BigIntegerField(), help_text="Posts under “In case you missed it”.")
    subject = models.CharField(max_length=300)
    html = models.TextField()
    text = models.TextField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            UniqueConstraint(
                fields=["issue", "fresh", "again"], name="subscriptions_edition_once"
            ),
            CheckConstraint(
                name="subscriptions_edition_not_empty",
                condition=~Q(fresh=[]) | ~Q(again=[]),
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def open(self) -> Self:
        """Return deliveries that may still be begun: not the one in flight."""
        return self.filter(
            state__in=[Delivery.State.PENDING, Delivery.State.CLAIMED, Delivery.State.RETRY]
        )

    def cancel(self, *, at: datetime, state: str = "cancelled") -> int:
        """Call back deliveries not yet begun; return how many.

        Their posts count as not sent to the person, so that a later issue may carry them.
        """
        with transaction.atomic():
            # The lock waits for a sender that is just opening one; its row then no longer matches.
            won = list(self.open().select_for_update().values_list("pk", flat=True))
            rows = Delivery.objects.filter(pk__in=won)
            DeliveryItem.objects.filter(delivery__in=rows).delete()
            return rows.update(state=state, worker=None, next_at=None, at=at)


class Delivery(models.Model):
    """One recipient of one issue, and how far it came: the ledger's line."""

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        CLAIMED = "claimed", "Next in line"
        SENDING = "sending", "In flight"
        RETRY = "retry", "To be tried again"
        SENT = "sent", "Accepted by the relay"
        REJECTED = "rejected", "Refused by the relay"
        UNKNOWN = "unknown", "Unknown: the connection broke at the last moment"
        CANCELLED = "cancelled", "Cancelled: the person left or changed"
        SUPPRESSED = "suppressed", "Suppressed: bounced or complained"
        EXPIRED = "expired", "Expired: not accepted within 20 hours"

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="deliveries")
    subscriber = models.ForeignKey(
        "subscriptions.Subscriber", on_delete=models.CASCADE, related_name="deliveries"
    )
    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    worker = models.PositiveIntegerField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True, blank=True)
    smtp_reply = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(help_text="When it came into this state.")

    objects: ClassVar[DeliveryQuerySet] = DeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        indexes = [
            # Senders: the next ones to claim.
            models.Index(fields=["next_at", "id"], name="subscriptions_delivery_due",
                         condition=Q(state__in=["pending", "retry"])),
            # What is open in an issue, and whose: settling, recovery after a crash, expiry.
            models.Index(fields=["issue", "worker"], name="subscriptions_delivery_open",
                         condition=Q(state__in=["pending", "claimed", "sending", "retry"])),
            # The freeze: what has to be repaired.
            models.Index(fields=["at"], name="subscriptions_delivery_failed",
                         condition=Q(state__in=["unknown", "expired"])),
        ]  # fmt: skip
        constraints = [
            UniqueConstraint(
                fields=["issue", "subscriber"], name="subscriptions_delivery_once"
            ),
            CheckConstraint(
                name="subscriptions_delivery_state_known",
                condition=Q(state__in=["pending", "claimed", "sending", "retry", "sent", "rejected",
                                       "unknown", "cancelled", "suppressed", "expired"]),
            ),
            CheckConstraint(
                name="subscriptions_delivery_claim_has_worker",
                condition=Q(state__in=["claimed", "sending"], worker__isnull=False)
                | (~Q(state__in=["claimed", "sending"]) & Q(worker=None)),
            ),
            CheckConstraint(
                name="subscriptions_delivery_waiting_has_time",
                condition=~Q(state__in=["pending", "retry"]) | Q(next_at__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_state_display()} {self.pk}"


OPEN = [
    Delivery.State.PENDING,
    Delivery.State.CLAIMED,
    Delivery.State.SENDING,
    Delivery.State.RETRY,
]


class DeliveryItem(models.Model):
    """A post on its way to a person: never twice, unless as the repeat of a failed delivery.

    Written at the freeze. Its foreign keys are kept by Django alone: at 100,000 people times the
    posts of a day, checking three of them for each row would cost more than the rest of the freeze.
    """

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="items", db_constraint=False
    )
    subscriber = models.ForeignKey(
        "subscriptions.Subscriber", on_delete=models.CASCADE, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    post = models.ForeignKey(
        Post, on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    repeat = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # Whether a person has had a post, repeats included.
            models.Index(fields=["subscriber", "post"], name="subscriptions_item_person")
        ]
        constraints = [
            UniqueConstraint(
                fields=["subscriber", "post"],
                name="subscriptions_deliveryitem_once",
                condition=Q(repeat=False),
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscriber_id}: {self.post_id}"
