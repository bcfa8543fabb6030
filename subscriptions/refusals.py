"""Whom the relay refused for good: nobody is there. They are left alone from then on."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from subscriptions.deliveries import GONE
from subscriptions.models import ConsentEvent, Delivery, Issue, Subscriber, Suppression

LOOKED_BACK = timedelta(days=2)
METHOD = "refused by the mail relay"


def suppress_gone(now: datetime) -> int:
    """Suppress everybody whose address does not exist, as the relay said; return how many.

    Its word counts once it took somebody else's mail after that, or when the issue is through: a
    relay that refuses one and all pauses the issue, and then nobody is suppressed. Nor is who
    changed anything since, or was brought back. Idempotent.
    """
    later = Delivery.objects.filter(issue=OuterRef("issue"), state=Delivery.State.SENT,
                                    at__gte=OuterRef("at"))  # fmt: skip
    since = ConsentEvent.objects.filter(subscriber=OuterRef("subscriber"), at__gte=OuterRef("at"))
    refused = Delivery.objects.filter(
        Q(issue__resumed_at=None) | Q(issue__resumed_at__lt=F("at")),
        ~Exists(since),
        Q(issue__state=Issue.State.DONE) | Q(Exists(later), issue__state=Issue.State.SENDING),
        state=Delivery.State.REJECTED,
        at__gt=now - LOOKED_BACK,
        smtp_reply__regex=GONE,
        subscriber__state=Subscriber.State.ACTIVE,
    )
    people = Subscriber.objects.filter(deliveries__in=refused).distinct().order_by("pk")
    return sum(
        person.suppress(Suppression.Reason.BOUNCE, at=now, method=METHOD)
        for person in people.iterator()
    )
