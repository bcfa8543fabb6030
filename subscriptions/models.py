"""People who asked for mail, and the verbs that change their state.

What they agreed to and who must be left alone is in `consent`, the noon round in `issues` and
`deliveries`, what the mail system tells of it in `feedback`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models, transaction
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Lower

from posts.models import Tag
from subscriptions import tokens
from subscriptions.consent import ConsentEvent, MailRequest, Suppression
from subscriptions.deliverability import domains, selfchecks  # noqa: F401 - their tables
from subscriptions.deliveries import Delivery, DeliveryItem, DeliveryQuerySet
from subscriptions.feedback.events import MailEvent
from subscriptions.issues import Edition, Issue, IssuePost, Kind
from subscriptions.plans import Plan, PlanEntry
from subscriptions.querysets import SubscriberQuerySet
from subscriptions.rests import RelayRest

__all__ = [
    "ConsentEvent", "Delivery", "DeliveryItem", "DeliveryQuerySet", "Edition", "Issue", "IssuePost",
    "Kind", "MailEvent", "MailRequest", "Plan", "PlanEntry", "RelayRest",
    "Subscriber", "Suppression",
]  # fmt: skip

WORDING = "2026-11"  # The version of the sentences people agree to; a change of them moves it.
CONFIRM_WITHIN = timedelta(days=7)
LONGEST_PAUSE = timedelta(days=366)
PAUSE_ANEW = timedelta(days=30)  # Of who bounced while paused: until when is not kept.


class Subscriber(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", "Waiting for confirmation"
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
        BOUNCED = "bounced", "Bounced"
        COMPLAINED = "complained", "Complained"
        ERASED = "erased", "Erased"

    CONFIRMED = frozenset({State.ACTIVE, State.PAUSED})
    CHOOSING = CONFIRMED | {State.PENDING}

    email = models.EmailField("e-mail address", max_length=254, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.PENDING)
    frequency = models.CharField(max_length=8, choices=Kind, default=Kind.DAILY)
    topics = models.ManyToManyField(
        Tag, blank=True, related_name="+", help_text="None chosen means every post."
    )
    paused_until = models.DateTimeField(null=True, blank=True)
    # Raising it makes every preference link mailed so far worthless.
    epoch = models.PositiveIntegerField(default=0, editable=False)
    confirm_digest = models.CharField(max_length=64, blank=True, editable=False)
    confirm_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirm_mailed_at = models.DateTimeField(null=True, blank=True, editable=False)
    confirm_mail_count = models.PositiveSmallIntegerField(default=0, editable=False)
    confirm_counted_from = models.DateTimeField(null=True, blank=True, editable=False)
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    active_since = models.DateTimeField(null=True, blank=True, editable=False)
    frequency_changed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[SubscriberQuerySet] = SubscriberQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [
            ("unsubscribe_subscriber", "Can unsubscribe people on their behalf"),
            ("erase_subscriber", "Can erase people on their behalf"),
            ("import_subscriber", "Can import people from a file"),
            ("export_subscriber", "Can export people to a file"),
            ("restore_subscriber", "Can take back people whose mail bounced"),
        ]
        indexes = [
            # The freeze: everybody active of one frequency.
            models.Index(fields=["frequency", "id"], name="subscriptions_audience",
                         condition=Q(state="active")),
            # The confirmation page finds its row.
            models.Index(fields=["confirm_digest"], name="subscriptions_confirm",
                         condition=~Q(confirm_digest="")),
        ]  # fmt: skip
        constraints = [
            UniqueConstraint(
                Lower("email"), name="subscriptions_subscriber_email_once", condition=~Q(email="")
            ),
            CheckConstraint(
                name="subscriptions_subscriber_state_known",
                condition=Q(state__in=["pending", "active", "paused", "unsubscribed", "bounced",
                                       "complained", "erased"]),
            ),
            CheckConstraint(
                name="subscriptions_subscriber_frequency_known",
                condition=Q(frequency__in=["instant", "daily", "weekly"]),
            ),
            CheckConstraint(
                name="subscriptions_subscriber_erased_has_no_address",
                condition=Q(state="erased", email="") | (~Q(state="erased") & ~Q(email="")),
            ),
            CheckConstraint(
                name="subscriptions_subscriber_pause_ends",
                condition=Q(state="paused", paused_until__isnull=False)
                | (~Q(state="paused") & Q(paused_until=None)),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        # Never the address: the admin's log keeps this for good, also of who was erased.
        return f"Subscriber {self.pk}"

    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    def is_confirmed(self) -> bool:
        return self.state in self.CONFIRMED

    def is_confirmation_expired(self, now: datetime) -> bool:
        return self.confirm_expires_at is None or self.confirm_expires_at <= now

    def new_confirmation(self, *, at: datetime) -> str:
        """Return a fresh confirmation token, kept only as its SHA-256; the last one is void."""
        token = tokens.new_confirmation()
        self.confirm_digest = tokens.digest_of(token)
        self.confirm_expires_at = at + CONFIRM_WITHIN
        self.save(update_fields=["confirm_digest", "confirm_expires_at"])
        return token

    def confirm(self, *, at: datetime, page: str = "") -> bool:
        """Make active; return whether this call did it. Idempotent."""
        unconfirmed = {self.State.PENDING, self.State.UNSUBSCRIBED, self.State.BOUNCED}
        with transaction.atomic():
            if not self._is_locked_in(unconfirmed):
                return False
            Suppression.lift(self.email)
            self.active_since = at
            self._move(self.State.ACTIVE, at=at, method="confirmation link", page=page)
        return True

    def leave(
        self, *, at: datetime, method: str, actor: str = "subscriber", page: str = ""
    ) -> bool:
        """Unsubscribe and call back every delivery not yet begun, in one transaction. Idempotent.

        Once this returned no further attempt is opened (see `ledger.step`). The confirmation link
        dies with it: an old mail cannot subscribe anybody again.
        """
        leavable = {self.State.PENDING, self.State.ACTIVE, self.State.PAUSED}
        with transaction.atomic():
            if not self._is_locked_in(leavable):
                return False
            Delivery.objects.filter(subscriber=self).open().cancel(at=at)
            self.confirm_digest, self.confirm_expires_at = "", None
            self._move(self.State.UNSUBSCRIBED, at=at, method=method, actor=actor, page=page)
        return True

    def come_back(self, event_id: int, *, paused_until: datetime | None, at: datetime) -> bool:
        """Undo the leaving that event tells of, if it was the last thing that happened.

        What was chosen before counts again; mail that leaving called back comes with the next.
        """
        with transaction.atomic():
            last = self.events.last() if self._is_locked_in({self.State.UNSUBSCRIBED}) else None
            if last is None or last.pk != event_id or last.from_state not in self.CONFIRMED:
                return False
            is_paused = paused_until is not None and paused_until > at
            self.paused_until, self.frequency_changed_at = paused_until, at
            state = self.State.PAUSED if is_paused else self.State.ACTIVE
            self._move(state, at=at, method="undone on the unsubscribe page")
        return True

    def pause(
        self, *, until: datetime, at: datetime, method: str, actor: str = "subscriber"
    ) -> bool:
        """Send nothing until then; return whether the state allowed it."""
        with transaction.atomic():
            if not self._is_locked_in({self.State.ACTIVE, self.State.PAUSED}):
                return False
            Delivery.objects.filter(subscriber=self).open().cancel(at=at)
            self.paused_until = min(until, at + LONGEST_PAUSE)
            self._move(self.State.PAUSED, at=at, method=method, actor=actor)
        return True

    def resume(self, *, at: datetime, method: str, actor: str = "subscriber") -> bool:
        with transaction.atomic():
            if not self._is_locked_in({self.State.PAUSED}):
                return False
            self.active_since = at
            self._move(self.State.ACTIVE, at=at, method=method, actor=actor)
        return True

    def choose(self, *, frequency: str, at: datetime, topics: Iterable[Tag] | None = None) -> bool:
        """Change how often and about what; return whether the state allowed it.

        Posts in mail not yet begun come with the new rhythm.
        """
        with transaction.atomic():
            if not self._is_locked_in(self.CHOOSING):
                return False
            if topics is not None:
                self.topics.set(topics)
            if frequency != self.frequency:
                Delivery.objects.filter(subscriber=self).open().cancel(at=at)
                self.frequency, self.frequency_changed_at = frequency, at
                self.save(update_fields=["frequency", "frequency_changed_at"])
        return True

    def suppress(self, reason: Suppression.Reason, *, at: datetime, method: str) -> bool:
        """Never write to this address again: it bounced or its owner complained. Idempotent."""
        complained = reason == Suppression.Reason.COMPLAINT
        gone = {self.State.ERASED, self.State.COMPLAINED}
        gone |= set() if complained else {self.State.BOUNCED}
        with transaction.atomic():
            if not self._is_locked_in(set(self.State) - gone):
                return False
            Delivery.objects.filter(subscriber=self).open().cancel(
                at=at, state=Delivery.State.SUPPRESSED
            )
            Suppression.add(self.email, reason, at=at)
            self.confirm_digest, self.confirm_expires_at = "", None
            state = self.State.COMPLAINED if complained else self.State.BOUNCED
            self._move(state, at=at, method=method, actor=ConsentEvent.Actor.PROVIDER)
        return True

    def restore(self, *, at: datetime, method: str) -> bool:
        """Undo a bounce: lift its suppression, and be what they were before; active only who was.

        Return whether this call did it. What was complained of or erased stays suppressed.
        """
        with transaction.atomic():
            if not self._is_locked_in({self.State.BOUNCED}):
                return False
            if Suppression.reason_for(self.email) not in {"", Suppression.Reason.BOUNCE}:
                return False
            Suppression.lift(self.email)
            bounces = self.events.filter(to_state=self.State.BOUNCED)
            before = bounces.values_list("from_state", flat=True).last()
            state = self.State(before if before in self.CHOOSING else self.State.UNSUBSCRIBED)
            self.active_since = at if state in self.CONFIRMED else self.active_since
            self.paused_until = at + PAUSE_ANEW if state == self.State.PAUSED else None
            self._move(state, at=at, method=method, actor=ConsentEvent.Actor.STAFF)
        return True

    def erase(self, *, at: datetime, method: str, actor: str = "subscriber") -> bool:
        """Forget the person. A keyed hash in Suppression keeps any import from undoing it."""
        with transaction.atomic():
            if not self._is_locked_in(set(self.State) - {self.State.ERASED}):
                return False
            Delivery.objects.filter(subscriber=self).open().cancel(at=at)
            self.deliveries.exclude(smtp_reply="").update(smtp_reply="")
            Suppression.add(self.email, Suppression.Reason.ERASED, at=at)
            MailRequest.objects.filter(email__iexact=self.email).delete()
            MailEvent.objects.filter(subscriber=self).delete()
            self.topics.clear()
            self.email = self.confirm_digest = ""
            self._move(self.State.ERASED, at=at, method=method, actor=actor)
        return True

    def revoke_links(self) -> None:
        """Make every preference link mailed so far worthless."""
        Subscriber.objects.filter(pk=self.pk).update(epoch=models.F("epoch") + 1)
        self.refresh_from_db(fields=["epoch"])

    def _is_locked_in(self, states: Iterable[str]) -> bool:
        """Lock the row until the transaction ends, read it afresh, and check its state."""
        fresh = Subscriber.objects.select_for_update(no_key=True).get(pk=self.pk)
        for field in self._meta.concrete_fields:
            setattr(self, field.attname, getattr(fresh, field.attname))
        return self.state in states

    def _move(
        self, state: "Subscriber.State", *, at: datetime, method: str,
        actor: str = "subscriber", page: str = "",
    ) -> None:  # fmt: skip
        if state != self.State.PAUSED:
            self.paused_until = None
        self.events.create(from_state=self.state, to_state=state, actor=actor, method=method,
                           wording=WORDING, page=page[:200], at=at)  # fmt: skip
        self.state = state
        self.save()
