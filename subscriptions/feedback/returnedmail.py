"""A message that came back to the site's own mailbox: whom it concerns, and what it says of them.

Whom, only a token with our MAC says: in the address it was sent to (VERP), or where a relay has
rewritten that, in the headers of our own message inside it. An address named in its text never
stops anybody's mail: anyone can write that. The unsubscribe link has everybody who was forwarded
the mail, so it proves no complaint, which nobody could take back: it unsubscribes.
"""

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from django.utils.crypto import salted_hmac

from subscriptions import tokens
from subscriptions.deliverability import selfmail
from subscriptions.feedback import bounces, notifications
from subscriptions.feedback.events import MailEvent, kind_of_bounce, last_sent, masked, moment
from subscriptions.models import Delivery, Subscriber

SOURCE = "mailbox"
LARGEST = 2_000_000  # bytes; a report that returns the largest digest has a tenth of that.
MOST_LINES_OF_PARTS = 2000
_RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To",
               "X-RCPT-To", "Original-Recipient", "To", "Cc")  # fmt: skip
_ENVELOPE = ("Return-Path", "X-Envelope-From", "Original-Mail-From")  # The last: RFC 5965.
_OURS_INSIDE = notifications.RETURNED | {"message/feedback-report"}
_TAG = re.compile(rf"\+([a-z2-7]{{{tokens.TAG_WIDTH}}})@", re.IGNORECASE)
_LEAVE = re.compile(rf"/u/([\w-]{{{tokens.WIDTH}}})(?![\w-])")
_MOST_TOKENS = 20
# What the standard library raises on headers that are no headers.
_DAMAGED = (AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


class NotUnderstood(Exception):  # noqa: N818 - it reads as what it is.
    """The message is too large, has too many parts, or is damaged beyond reading."""


@dataclass(frozen=True)
class Concerned:
    """Whose mail it was, as a token of ours says."""

    subscriber_id: int
    issue_id: int
    is_by_envelope: bool = True  # What a recipient sees of a mail does not hold that token.


@dataclass(frozen=True)
class Returned:
    """What a message is: an event about somebody, our own self-check, or neither."""

    event: MailEvent | None = None
    is_self_check: bool = False


def read(content: bytes, *, now: datetime, is_rehearsal: bool = False) -> Returned:
    """Return what a message is; the event is unsaved. Raises NotUnderstood.

    A self-check is noted at once, unless this is a rehearsal.
    """
    if len(content) > LARGEST or content.count(b"\n--") > MOST_LINES_OF_PARTS:
        raise NotUnderstood
    try:
        message = email.message_from_bytes(content)
        if (check := _self_check(message)) is not None:
            if not is_rehearsal:
                selfmail.arrive(check.check_id, message, sent_at=check.sent_at, now=now)
            return Returned(is_self_check=True)
        return Returned(_event(message, content, now))
    except _DAMAGED as error:
        raise NotUnderstood from error


def _event(message: Message, content: bytes, now: datetime) -> MailEvent | None:
    bounce = bounces.classify(content)
    kind = kind_of_bounce(bounce)
    concerned = whom(message) if kind is not None else None
    if kind is None or concerned is None:
        return None
    if kind == MailEvent.Kind.COMPLAINT and not concerned.is_by_envelope:
        kind = MailEvent.Kind.LEAVE
    subscriber = Subscriber.objects.filter(pk=concerned.subscriber_id).first()
    if subscriber is None or not subscriber.email:  # Who is erased leaves no new trace.
        return None
    own = Delivery.objects.filter(subscriber=subscriber, issue=concerned.issue_id)
    delivery = own.values_list("pk", flat=True).first()
    return MailEvent(
        source=SOURCE, key=_key(message, content), kind=kind, subscriber=subscriber,
        delivery_id=delivery or last_sent(subscriber), status=bounce.status,
        words=masked(_words(content), subscriber.email),
        happened_at=_moment(message, now), received_at=now,
    )  # fmt: skip


def whom(message: Message) -> Concerned | None:
    """Return whom a message concerns by the address it came to, else by the message inside it."""
    for tag in _tags(message, _RECIPIENTS):
        try:
            found = tokens.read_bounce(tag)
        except tokens.InvalidToken:
            continue
        return Concerned(found.subscriber_id, found.issue_id)
    return next(_inside(message), None)


def _self_check(message: Message) -> tokens.SelfCheck | None:
    """Return which self-check a message is, by the address it came to."""
    for tag in _tags(message, _RECIPIENTS):
        try:
            return tokens.read_self_check(tag)
        except tokens.InvalidToken:
            continue
    return None


def _tags(message: Message, names: tuple[str, ...]) -> list[str]:
    values = (str(value)[:5000] for name in names for value in message.get_all(name, []))
    return [tag for value in values for tag in _TAG.findall(value)][:_MOST_TOKENS]


def _inside(message: Message) -> Iterator[Concerned]:
    """Yield whom the returned message was for: by its envelope sender or its unsubscribe link."""
    for returned in _returned(message):
        for tag in _tags(returned, _ENVELOPE):
            try:
                bounced = tokens.read_bounce(tag)
            except tokens.InvalidToken:
                continue
            yield Concerned(bounced.subscriber_id, bounced.issue_id)
        link = "".join(str(returned.get("List-Unsubscribe", ""))[:5000].split())
        for token in _LEAVE.findall(link)[:_MOST_TOKENS]:
            try:
                leaving = tokens.read_leave(token)
            except tokens.InvalidToken:
                continue
            yield Concerned(leaving.subscriber_id, leaving.issue_id, is_by_envelope=False)


def _returned(message: Message) -> Iterator[Message]:
    """Yield the message inside a report, or its headers alone, and the fields of a complaint."""
    for part in message.walk():
        if part.get_content_type() not in _OURS_INSIDE:
            continue
        content = notifications.payload_of(part)
        if isinstance(content, list):
            yield from (child for child in content if isinstance(child, Message))
        else:
            yield email.message_from_string(str(content))


def _words(content: bytes) -> str:
    notice = notifications.read(content)
    return notice.recipients[0].diagnostic if notice.recipients else ""


def _moment(message: Message, now: datetime) -> datetime:
    """Return when it was reported."""
    try:
        return moment(parsedate_to_datetime(str(message["Date"])), now)
    except (TypeError, ValueError, OverflowError):
        return now


def _key(message: Message, content: bytes) -> str:
    """Return a key of a message that is the same by whichever way it comes again."""
    body = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[-1]
    text = repr([str(message.get("Message-ID", "")), body])
    return salted_hmac("subscriptions.returns", text, algorithm="sha256").hexdigest()
