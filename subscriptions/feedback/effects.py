"""What an event changes for the person it is about; the same whichever source told it.

A complaint and a hard bounce end the mail. A soft bounce does in three issues within 21 days with
no success between. What is refused on our account is ours to mend, and costs nobody their mail.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from subscriptions.feedback.events import MailEvent
from subscriptions.models import ConsentEvent, Delivery, Subscriber, Suppression

logger = logging.getLogger(__name__)

SOFT_ISSUES = 3
SOFT_WITHIN = timedelta(days=21)
AT_ONCE = 500  # events a call

Kind, Effect = MailEvent.Kind, MailEvent.Effect


def weigh_waiting(now: datetime) -> int:
    """Weigh what waits, oldest first; return how many. Idempotent, and safe to run beside itself.

    The order in which events come makes no difference: each is weighed by its own time.
    """
    waiting = list(MailEvent.objects.waiting().order_by("pk")[:AT_ONCE])
    won = sum(weigh(event, now=now) for event in waiting)
    if won:
        logger.info("%s mail events weighed", won)
    return won


def weigh(event: MailEvent, *, now: datetime) -> bool:
    """Let one event count, once; return whether this call did it."""
    with transaction.atomic():
        # The person first, as whatever else changes them does: nobody waits for us with theirs.
        people = Subscriber.objects.select_for_update(no_key=True)
        subscriber = people.filter(pk=event.subscriber_id).first()
        if subscriber is None or not event.settle(Effect.NONE, at=now):
            return False
        effect = _react(event, subscriber, now)
        if effect != Effect.NONE:
            MailEvent.objects.filter(pk=event.pk).update(effect=effect)
    return True


def _react(event: MailEvent, subscriber: Subscriber, now: datetime) -> MailEvent.Effect:
    """Do what the event asks for; the caller holds the person's row."""
    if event.kind == Kind.COMPLAINT:
        return _stop(event, subscriber, Suppression.Reason.COMPLAINT, now)
    if is_stale(event.happened_at, subscriber):
        return Effect.STALE
    if event.kind == Kind.LEAVE:
        left = subscriber.leave(at=now, method=f"at the provider: {event.source}", actor=_PROVIDER)
        return Effect.STOPPED if left else Effect.NONE
    if event.kind == Kind.HARD:
        return _stop(event, subscriber, Suppression.Reason.BOUNCE, now)
    if event.kind == Kind.POLICY:
        return Effect.COUNTED
    if not is_soft_too_often(subscriber):
        return Effect.COUNTED
    return _stop(event, subscriber, Suppression.Reason.BOUNCE, now)


_PROVIDER = ConsentEvent.Actor.PROVIDER


def _stop(
    event: MailEvent, subscriber: Subscriber, reason: Suppression.Reason, now: datetime
) -> MailEvent.Effect:
    """Never write to them again; the consent event names the source."""
    words = f"{event.get_kind_display().lower()}: {event.source}"
    if event.status:
        words += f" {event.status}"
    stopped = subscriber.suppress(reason, at=now, method=words)
    return Effect.STOPPED if stopped else Effect.NONE


def is_stale(happened_at: datetime, subscriber: Subscriber) -> bool:
    """Return whether the person has agreed, or come back, since then."""
    since = subscriber.active_since
    return subscriber.is_confirmed() and since is not None and happened_at < since


def is_soft_too_often(subscriber: Subscriber) -> bool:
    """Return whether three issues in a row bounced softly within 21 days of each other.

    A copy the relay took counts as a success once no event has come for it; one refused on our
    account, and any that was never handed over, tells nothing. Two queries.
    """
    since = subscriber.active_since
    events = MailEvent.objects.filter(subscriber=subscriber, delivery__isnull=False)
    if since:
        events = events.filter(happened_at__gte=since)
    told: dict[int, set[str]] = {}
    for delivery_id, kind in events.values_list("delivery_id", "kind"):
        told.setdefault(delivery_id, set()).add(kind)
    soft = {pk for pk, kinds in told.items() if Kind.SOFT in kinds}
    if len(soft) < SOFT_ISSUES:
        return False
    own = Delivery.objects.filter(subscriber=subscriber).order_by("issue__frozen_at", "pk")
    tries = own.values_list("pk", "state", "issue__frozen_at")
    return _has_run(
        (frozen_at, pk in soft)
        for pk, state, frozen_at in tries
        if pk in soft or (pk not in told and state == Delivery.State.SENT)
    )


def _has_run(tries: Iterable[tuple[datetime, bool]]) -> bool:
    run: list[datetime] = []
    for at, is_soft in tries:
        run = [*run, at][-SOFT_ISSUES:] if is_soft else []
        if len(run) == SOFT_ISSUES and run[-1] - run[0] <= SOFT_WITHIN:
            return True
    return False
