"""What the relay itself refused while the site was sending, as events like any other."""

from datetime import datetime, timedelta

from django.db.models import Q

from subscriptions.feedback import bounces
from subscriptions.feedback.events import MailEvent, kind_of_bounce, masked
from subscriptions.models import Delivery, Issue

SOURCE = "relay"
LOOK_BACK = timedelta(days=2)  # from when the issue was done: it may have been paused for weeks
OLDEST = timedelta(days=30)
AT_ONCE = 500

State = Delivery.State


def collect(now: datetime) -> int:
    """Record what was refused and is not known yet; return how many. Idempotent.

    A refusal counts once its issue is done: a relay that has gone wrong may say anything of
    anybody, and then the issue pauses. For the same reason a delivery that expired counts only
    against a mailbox the relay named (4.2.x), never for being busy, slow or away.
    """
    refused = Delivery.objects.filter(
        Q(state=State.REJECTED, smtp_reply__regex=r"^5")
        | Q(state=State.EXPIRED, smtp_reply__regex=r"^4\d\d[ -]4\.2\."),
        at__gt=now - OLDEST,  # By index: of years of deliveries only the last failures are read.
        issue__state=Issue.State.DONE, issue__done_at__gt=now - LOOK_BACK,
    )  # fmt: skip
    rows = refused.exclude(mail_events__source=SOURCE).select_related("subscriber")
    chosen = rows.only("state", "smtp_reply", "at", "subscriber__email").order_by("at", "pk")
    return MailEvent.objects.record(
        event for row in chosen[:AT_ONCE] if (event := _event(row, now)) is not None
    )


def _event(delivery: Delivery, now: datetime) -> MailEvent | None:
    bounce = bounces.of_answer(delivery.smtp_reply)
    kind = kind_of_bounce(bounce)
    if kind is None:
        return None
    return MailEvent(
        source=SOURCE, key=f"delivery-{delivery.pk}", kind=kind, subscriber=delivery.subscriber,
        delivery=delivery, status=bounce.status, happened_at=delivery.at, received_at=now,
        words=masked(delivery.smtp_reply, delivery.subscriber.email),
    )  # fmt: skip
