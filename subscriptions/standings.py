"""How an address stands with us today, in sentences for staff."""

from datetime import datetime

from django.utils import timezone

from subscriptions.models import MailRequest, Subscriber, Suppression
from subscriptions.retention import UNCONFIRMED_FOR

State = Subscriber.State
_SUPPRESSED = {
    "complaint": "This address complained about our mail. It is never written to again; nobody "
                 "here can undo that.",
    "bounce": "Mail to this address came back for good, so it is left alone. Whoever owns it may "
              "subscribe again.",
    "erased": "Somebody with this address asked to be erased. Nothing else is kept about them, and "
              "no import brings them back.",
}  # fmt: skip
SIMILAR_SHOWN = 3


def of_subscriber(subscriber: Subscriber, now: datetime) -> list[str]:
    """Return what they chose, and what keeps mail from them, if anything does; two queries."""
    words = [_state(subscriber, now)]
    topics = ", ".join(subscriber.topics.values_list("name", flat=True)) or "every post"
    if subscriber.state in Subscriber.CHOOSING:
        rhythm = subscriber.get_frequency_display().lower()
        words.append(f"Chose “{rhythm}”, about: {topics}.")
    reason = Suppression.reason_for(subscriber.email)
    return [*words, *([_SUPPRESSED[reason]] if reason else [])]


def of_stranger(address: str) -> list[str]:
    """Return why nobody of this address is in the list, as far as we may know; three queries."""
    reason = Suppression.reason_for(address)
    words = [_SUPPRESSED[reason]] if reason else []
    waiting = MailRequest.objects.filter(email__iexact=address).order_by("pk").first()
    if waiting:
        words.append(f"A form with it was sent on {_at(waiting.at)} and waits to be answered.")
    if not words:
        words.append(
            "This address is not in the list. Nobody asked for mail with it, or they did not "
            f"confirm within {UNCONFIRMED_FOR.days} days and were forgotten."
        )
    name = address.partition("@")[0]
    similar = Subscriber.objects.filter(email__istartswith=f"{name}@").order_by("pk")
    found = ", ".join(similar.values_list("email", flat=True)[:SIMILAR_SHOWN])
    return [*words, *([f"Is it one of these? {found}"] if found else [])]


def _state(subscriber: Subscriber, now: datetime) -> str:
    if subscriber.state == State.ACTIVE:
        since = f" since {_at(subscriber.active_since)}" if subscriber.active_since else ""
        return f"Active{since}: gets mail."
    if subscriber.state == State.PAUSED and subscriber.paused_until:
        return f"Paused until {_at(subscriber.paused_until)}: gets no mail before that."
    if subscriber.state == State.PENDING:
        return f"Has not confirmed: gets no mail. {_confirmation(subscriber, now)}"
    return f"{subscriber.get_state_display()}: gets no mail."


def _confirmation(subscriber: Subscriber, now: datetime) -> str:
    if subscriber.confirm_mailed_at is None:
        return "No confirmation has been mailed yet."
    mailed = f"The last confirmation was mailed on {_at(subscriber.confirm_mailed_at)}"
    expired = subscriber.is_confirmation_expired(now)
    return f"{mailed}; its link {'has expired' if expired else 'still works'}."


def _at(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %B %Y, %H:%M}"
