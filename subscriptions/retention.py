"""What is thrown away, and when."""

from datetime import datetime, timedelta

from subscriptions.deliverability.selfchecks import SelfCheck
from subscriptions.feedback.events import KEPT_FOR
from subscriptions.models import Delivery, MailEvent, MailRequest, Subscriber

UNCONFIRMED_FOR = timedelta(days=30)
REQUESTS_FOR = timedelta(days=2)


def prune(now: datetime) -> dict[str, int]:
    """Delete what has no more use, and people who never confirmed; return how many of each."""
    unconfirmed = Subscriber.objects.filter(
        state=Subscriber.State.PENDING, created_at__lt=now - UNCONFIRMED_FOR
    ).exclude(confirm_expires_at__gt=now)
    # The invitations of a long import take their time; they are paced.
    requests = MailRequest.objects.exclude(purpose=MailRequest.Purpose.INVITE).filter(
        at__lt=now - REQUESTS_FOR
    )
    # An erasure empties these; the answer to a message in flight at that moment came after it.
    late = Delivery.objects.filter(subscriber__state=Subscriber.State.ERASED)
    events = MailEvent.objects.exclude(weighed_at=None).filter(received_at__lt=now - KEPT_FOR)
    return {
        "mail events": events.delete()[0],
        "self-checks": SelfCheck.objects.filter(sent_at__lt=now - KEPT_FOR).delete()[0],
        "replies about people since erased": late.exclude(smtp_reply="").update(smtp_reply=""),
        "requests never answered": requests.delete()[0],
        "sign-ups never confirmed": unconfirmed.delete()[1].get("subscriptions.Subscriber", 0),
    }
