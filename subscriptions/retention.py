"""What is thrown away, and when."""

from datetime import datetime, timedelta

from subscriptions.models import MailRequest, Subscriber

UNCONFIRMED_FOR = timedelta(days=30)
REQUESTS_FOR = timedelta(days=2)


def prune(now: datetime) -> dict[str, int]:
    """Delete people who never confirmed and requests no job answered; return how many of each."""
    unconfirmed = Subscriber.objects.filter(
        state=Subscriber.State.PENDING, created_at__lt=now - UNCONFIRMED_FOR
    ).exclude(confirm_expires_at__gt=now)
    # The invitations of a long import take their time; they are paced.
    requests = MailRequest.objects.exclude(purpose=MailRequest.Purpose.INVITE).filter(
        at__lt=now - REQUESTS_FOR
    )
    return {
        "requests never answered": requests.delete()[0],
        "sign-ups never confirmed": unconfirmed.delete()[1].get("subscriptions.Subscriber", 0),
    }
