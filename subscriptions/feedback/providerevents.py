"""What a mail provider reports, as events about people: read once, kept without an address.

Whom it is about the provider says, and it has proved who it is. Which issue it is about says the
`delivery` it was given as metadata; where that is missing or another's, the last one sent to them.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from pbrsite.characters import printable
from subscriptions.feedback import bounces
from subscriptions.feedback.events import MailEvent, kind_of_bounce, last_sent, masked, moment
from subscriptions.models import Delivery, Subscriber

Kind = MailEvent.Kind

_REJECTED = {
    RejectReason.INVALID: Kind.HARD,
    RejectReason.BOUNCED: Kind.HARD,  # It bounced before, and the provider tries no more.
    RejectReason.SPAM: Kind.COMPLAINT,
    RejectReason.UNSUBSCRIBED: Kind.LEAVE,
    RejectReason.TIMED_OUT: Kind.SOFT,
}


def from_provider(
    esp: str,
    events: Iterable[AnymailTrackingEvent],
    *,
    is_hard: Callable[[Mapping[str, Any]], bool],
    now: datetime,
) -> list[MailEvent]:
    """Return what may change something and is about a subscriber, unsaved.

    Two queries, and one for each event that does not name a delivery of its person.
    """
    meant = [(event, kind) for event in events if (kind := kind_of(event, is_hard)) is not None]
    people = _people(event.recipient for event, _ in meant)
    deliveries = _deliveries(event for event, _ in meant)
    made = []
    for event, kind in meant:
        subscriber = people.get(_lower(event.recipient))
        if subscriber is None:
            continue
        said = _said(event)
        number = _delivery_number(event)
        delivery = number if (number, subscriber.pk) in deliveries else last_sent(subscriber)
        made.append(
            MailEvent(
                source=esp, key=_key(esp, event), kind=kind, subscriber=subscriber,
                delivery_id=delivery, received_at=now, happened_at=moment(event.timestamp, now),
                status=bounces.of_answer(said).status, words=masked(said, subscriber.email),
            )
        )  # fmt: skip
    return made


def kind_of(
    event: AnymailTrackingEvent, is_hard: Callable[[Mapping[str, Any]], bool]
) -> MailEvent.Kind | None:
    """Return what an event means here; None for what changes nothing, such as a delay."""
    if event.event_type == EventType.COMPLAINED:
        return Kind.COMPLAINT
    if event.event_type == EventType.UNSUBSCRIBED:
        return Kind.LEAVE
    if event.event_type == EventType.REJECTED:
        return _REJECTED.get(event.reject_reason, Kind.POLICY)
    if event.event_type == EventType.FAILED:
        return Kind.POLICY
    if event.event_type != EventType.BOUNCED:
        return None
    raw = event.esp_event
    is_gone = isinstance(raw, Mapping) and is_hard(raw)
    bounce = bounces.of_answer(_said(event), is_gone=is_gone)
    return kind_of_bounce(bounce)


def _people(recipients: Iterable[object]) -> dict[str, Subscriber]:
    """Return who these addresses belong to."""
    wanted = {lower for recipient in recipients if (lower := _lower(recipient))}
    found = Subscriber.objects.alias(lowered=Lower("email")).filter(lowered__in=wanted)
    return {one.email.lower(): one for one in found} if wanted else {}


def _deliveries(events: Iterable[AnymailTrackingEvent]) -> set[tuple[int, int]]:
    """Return the deliveries these events name, each with its person.

    A second site may share the account, whose numbers are others': both have to match.
    """
    numbers = {number for event in events if (number := _delivery_number(event))}
    rows = Delivery.objects.filter(pk__in=numbers).values_list("pk", "subscriber_id")
    return set(rows) if numbers else set()


def _delivery_number(event: AnymailTrackingEvent) -> int:
    given = event.metadata.get("delivery") if isinstance(event.metadata, Mapping) else None
    text = str(given or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _said(event: AnymailTrackingEvent) -> str:
    return str(event.mta_response or event.description or "")[:2000]


def _lower(recipient: object) -> str:
    return printable(recipient).strip().lower()[:254] if isinstance(recipient, str) else ""


def _key(esp: str, event: AnymailTrackingEvent) -> str:
    """Return a key that is the same whenever the same event is told: of its number, if it has one.

    It is keyed, so that none who reads the table can try addresses out on it.
    """
    told = [event.event_id] if event.event_id else [
        event.recipient, event.timestamp, event.message_id, event.reject_reason, _said(event),
    ]  # fmt: skip
    text = repr([esp, event.event_type, *map(str, told)])
    return salted_hmac("subscriptions.reports", text, algorithm="sha256").hexdigest()
