"""The ledger's tables: one line for each recipient of each issue, and its posts."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models, transaction
from django.db.models import Case, CheckConstraint, Exists, F, OuterRef, Q, UniqueConstraint, When

from posts.models import Post

# Refusals by their enhanced status (RFC 3463), for Python and Postgres alike. 5.7.x is policy, and
# 530, 535 and 538 ask for a log-in: the relay objects to us. 5.1.x and 5.2.x are the mailbox's.
ABOUT_US = r"^(5\d\d[ -]5\.7\.|53[058][ -])"
ABOUT_THEM = r"^5\d\d[ -]5\.[12]\."


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
            # Of a joined subscriber nothing is locked: everybody else locks that row first.
            won = list(self.open().select_for_update(of=("self",)).values_list("pk", flat=True))
            rows = Delivery.objects.filter(pk__in=won)
            DeliveryItem.objects.filter(delivery__in=rows).delete()
            return rows.update(state=state, worker=None, next_at=None, at=at)

    def reopen(self, *, at: datetime) -> int:
        """Have refusals tried again at once that may be about us; return how many.

        A refused message was not accepted, so this makes no second copy. What a later issue has
        carried as a repeat meanwhile stays as it is.
        """
        rejected = self.filter(state=Delivery.State.REJECTED).exclude(smtp_reply__regex=ABOUT_THEM)
        turned_away = self.filter(state=Delivery.State.RETRY, smtp_reply__startswith="5")
        return sum(
            rows.update(state=Delivery.State.PENDING, smtp_reply="", next_at=at, at=at)
            for rows in (rejected.exclude(_is_repaired()), turned_away)
        )

    def uncertain(self, *, also_resent: bool = False) -> Self:
        """Return what nobody knows to have arrived, of people who get mail now.

        Not what a later issue has carried as a repeat; and only with `also_resent` what was sent
        again by hand before and ended like this anew.
        """
        found = self.filter(
            state__in=[Delivery.State.UNKNOWN, Delivery.State.EXPIRED], subscriber__state="active"
        ).exclude(_is_repaired())
        return found if also_resent else found.filter(resent_at=None)

    def open_again(self, *, at: datetime) -> int:
        """Have these sent again, whatever became of them; return how many."""
        pks = list(self.select_for_update(of=("self",)).values_list("pk", flat=True))
        rows = Delivery.objects.filter(pk__in=pks)
        return rows.update(state=Delivery.State.PENDING, smtp_reply="", worker=None,
                           next_at=at, at=at, resent_at=at)  # fmt: skip


def _is_repaired() -> Exists:
    """Return the condition that a later issue has carried one of its posts as a repeat."""
    repeats = DeliveryItem.objects.filter(subscriber=OuterRef("subscriber"),
                                          post=OuterRef("post"), repeat=True,
                                          pk__gt=OuterRef("pk"))  # fmt: skip
    return Exists(DeliveryItem.objects.filter(Exists(repeats), delivery=OuterRef("pk")))


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

    # Its index is that of the constraint which has it first.
    issue = models.ForeignKey(
        "subscriptions.Issue", on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    subscriber = models.ForeignKey(
        "subscriptions.Subscriber", on_delete=models.CASCADE, related_name="deliveries"
    )
    # Nobody asks for those of an edition alone.
    edition = models.ForeignKey(
        "subscriptions.Edition", on_delete=models.CASCADE, related_name="deliveries",
        db_index=False,
    )  # fmt: skip
    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    worker = models.IntegerField(null=True, blank=True)  # A positive one would be checked anew
    attempt = models.SmallIntegerField(default=0)  # for each message; nobody types them.
    next_at = models.DateTimeField(null=True, blank=True)  # While it waits, and only then.
    smtp_reply = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(help_text="When it came into this state.")
    resent_at = models.DateTimeField(null=True, editable=False)  # By hand, though uncertain.
    failed_at = models.GeneratedField(
        expression=Case(When(state__in=["unknown", "expired", "rejected"], then=F("at"))),
        output_field=models.DateTimeField(null=True), db_persist=True,
    )  # fmt: skip

    objects: ClassVar[DeliveryQuerySet] = DeliveryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "deliveries"
        # No index, nor the condition of one, has a column that changes when an attempt is opened or
        # closed: Postgres then writes the new row beside the old and leaves every index alone (a
        # "heap-only tuple"). The migrations keep room for it on each page.
        indexes = [
            # Senders: the next ones to claim.
            models.Index(fields=["next_at", "id"], name="subscriptions_delivery_due",
                         condition=Q(next_at__isnull=False)),
            # The freeze: what has to be repaired.
            models.Index(fields=["failed_at"], name="subscriptions_delivery_failed",
                         condition=Q(failed_at__isnull=False)),
        ]  # fmt: skip
        constraints = [
            UniqueConstraint(
                fields=["issue", "subscriber"], name="subscriptions_delivery_once"
            ),
            # One rule for all of it: Postgres reads each anew for each message.
            CheckConstraint(
                name="subscriptions_delivery_state_has_its_columns",
                condition=Q(state__in=["pending", "retry"], worker=None, next_at__isnull=False)
                | Q(state__in=["claimed", "sending"], worker__isnull=False, next_at=None)
                | Q(state__in=["sent", "rejected", "unknown", "cancelled", "suppressed", "expired"],
                    worker=None, next_at=None),
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

    Written at the freeze. Its foreign keys are kept by Django alone, and of its indexes only those
    the freeze needs are there: at 100,000 people times the posts of a day, anything more would cost
    as much as the rest of it. Nothing is done when a post goes, for none in here can: `IssuePost`
    protects every post of an issue.
    """

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="items", db_constraint=False
    )
    subscriber = models.ForeignKey(
        "subscriptions.Subscriber", on_delete=models.CASCADE, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    post = models.ForeignKey(
        Post, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    repeat = models.BooleanField(default=False)

    class Meta:
        indexes = [
            # The freeze: which repairs a person has had. The constraint's index serves the rest.
            models.Index(
                fields=["subscriber", "post"],
                name="subscriptions_item_repeat",
                condition=Q(repeat=True),
            ),
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
