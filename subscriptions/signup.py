"""What becomes of a form: one row when it is sent, and later a job that decides and mails."""

import logging
from datetime import datetime, timedelta

from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.urls import reverse

from pbrsite import mail, rates
from posts.models import Tag
from subscriptions import surge, tokens
from subscriptions.models import (
    WORDING,
    ConsentEvent,
    Kind,
    MailRequest,
    Subscriber,
    Suppression,
)

logger = logging.getLogger(__name__)

CONFIRM_AGAIN_AFTER = timedelta(hours=24)
CONFIRM_PERIOD = timedelta(days=30)
CONFIRMATIONS_PER_PERIOD = 3
REMIND_AGAIN_AFTER = timedelta(days=30)
DAY = timedelta(days=1)
INVITES_PER_MINUTE = 30  # of an import
WAITING = "waiting"
LINKS_PER_DAY = 3  # for one address

Verdict = MailRequest.Verdict


def answer(request_id: int, now: datetime) -> str:
    """Decide what a request deserves, mail it, and empty the request; return the verdict.

    The decision and its counters are committed first, so that of many requests for one address a
    single one mails. If the mail then fails, the row stays, and the next run mails without deciding
    anew. Run again after that, it does nothing. In a surge it changes nothing and returns WAITING.
    """
    try:
        with transaction.atomic():
            request = MailRequest.objects.select_for_update().filter(pk=request_id).first()
            if request is None:
                return Verdict.UNDECIDED
            if not request.verdict:
                _decide(request, now)
            message = _message(request, now)
    except surge.Surge:
        logger.warning("Very many sign-ups at once: request %s waits", request_id)
        return WAITING
    if message:
        mail.send(message)
    request.delete()
    return request.verdict


def due(now: datetime) -> list[int]:
    """Return the requests to answer in this minute: those a surge held up, and the next invited.

    The oldest come first. People who sign up do not wait for an import, nor it for them.
    """
    invites = MailRequest.objects.filter(
        verdict=Verdict.UNDECIDED, purpose=MailRequest.Purpose.INVITE
    )
    return [
        *surge.held_up(now).values_list("pk", flat=True)[: surge.WAITING_PER_MINUTE],
        *invites.order_by("pk").values_list("pk", flat=True)[:INVITES_PER_MINUTE],
    ]


def _decide(request: MailRequest, now: datetime) -> None:
    """Write the verdict onto the row; nothing when there is nothing to mail."""
    if request.is_trapped or Suppression.reason_for(request.email) == "complaint":
        return
    if request.purpose == MailRequest.Purpose.MANAGE:
        request.subscriber = Subscriber.objects.with_address(request.email).first()
        request.verdict = _manage_verdict(request, now)
    elif request.purpose == MailRequest.Purpose.INVITE:
        request.subscriber = Subscriber.objects.with_address(request.email).first()
        request.verdict = _invite_verdict(request, now)
    else:
        request.subscriber = _find_or_add(request, now)
        request.verdict = _signup_verdict(request, request.subscriber, now)
    request.save()


def _manage_verdict(request: MailRequest, now: datetime) -> str:
    if request.subscriber is None or request.subscriber.state == Subscriber.State.COMPLAINED:
        return Verdict.UNDECIDED
    key = f"subscriptions.manage:{request.email.lower()}"
    is_allowed = rates.take(key, size=LINKS_PER_DAY, per=DAY, now=now)
    return Verdict.MANAGE_LINK if is_allowed else Verdict.UNDECIDED


def _invite_verdict(request: MailRequest, now: datetime) -> str:
    """Ask somebody imported to confirm, unless a form of theirs already had them asked."""
    subscriber = request.subscriber
    if subscriber is None or subscriber.state != Subscriber.State.PENDING:
        return Verdict.UNDECIDED
    if Suppression.reason_for(request.email) or subscriber.confirm_mailed_at:
        return Verdict.UNDECIDED
    _count_confirmation(subscriber, now)
    subscriber.save()
    return Verdict.CONFIRMATION


def _find_or_add(request: MailRequest, now: datetime) -> Subscriber:
    """Return the address's row, locked; a new one is pending and has its first event.

    Requests for one address queue here. Left to the unique index, the loser's error message would
    carry the address into the logs.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                       [request.email.lower()])  # fmt: skip
    known = Subscriber.objects.with_address(request.email).select_for_update(no_key=True).first()
    return known or add(request.email, at=now, method="sign-up form", page=request.page)


def add(
    email: str, *, at: datetime, method: str,
    actor: str = ConsentEvent.Actor.SUBSCRIBER, page: str = "",
) -> Subscriber:  # fmt: skip
    """Return a new pending subscriber with the event that says how it came about."""
    with transaction.atomic():
        subscriber = Subscriber.objects.create(email=email)
        subscriber.events.create(to_state=Subscriber.State.PENDING, actor=actor, method=method,
                                 wording=WORDING, page=page, at=at)  # fmt: skip
    return subscriber


def _signup_verdict(request: MailRequest, subscriber: Subscriber, now: datetime) -> str:
    if subscriber.state == Subscriber.State.COMPLAINED:
        return Verdict.UNDECIDED
    if subscriber.is_confirmed():
        # Anybody can type this address: what its owner chose stays as it is.
        return Verdict.ALREADY if _may_remind(subscriber, now) else Verdict.UNDECIDED
    if not _may_confirm(request, subscriber, now):
        return Verdict.UNDECIDED
    subscriber.frequency = request.frequency
    subscriber.save()
    subscriber.topics.set(Tag.objects.at(request.tags))
    return Verdict.CONFIRMATION


def _may_remind(subscriber: Subscriber, now: datetime) -> bool:
    if subscriber.reminded_at and subscriber.reminded_at > now - REMIND_AGAIN_AFTER:
        return False
    subscriber.reminded_at = now
    subscriber.save(update_fields=["reminded_at"])
    return True


def _may_confirm(request: MailRequest, subscriber: Subscriber, now: datetime) -> bool:
    """Count one more confirmation, if the caps of this address allow it; the site's raises Surge.

    The site's is asked last: who is not to be mailed anyway takes nobody's turn.
    """
    last, counted_from = subscriber.confirm_mailed_at, subscriber.confirm_counted_from
    if last and last > now - CONFIRM_AGAIN_AFTER:
        return False
    is_counted = counted_from is not None and counted_from > now - CONFIRM_PERIOD
    if is_counted and subscriber.confirm_mail_count >= CONFIRMATIONS_PER_PERIOD:
        return False
    surge.take_turn(request, now)
    _count_confirmation(subscriber, now)
    return True


def _count_confirmation(subscriber: Subscriber, now: datetime) -> None:
    counted_from = subscriber.confirm_counted_from
    if counted_from is None or counted_from <= now - CONFIRM_PERIOD:
        subscriber.confirm_counted_from, subscriber.confirm_mail_count = now, 0
    subscriber.confirm_mailed_at = now
    subscriber.confirm_mail_count += 1


def _message(request: MailRequest, now: datetime) -> EmailMessage | None:
    """Return the mail of the verdict, with a fresh link in it."""
    subscriber = request.subscriber
    if subscriber is None or not request.verdict:
        return None
    context = {
        "frequency": Kind(subscriber.frequency).label,
        "is_paused": bool(subscriber.paused_until),
    }
    if request.verdict == Verdict.CONFIRMATION:
        context["confirm_url"] = link("confirm", subscriber.new_confirmation(at=now))
    else:
        context["manage_url"] = link(
            "preferences", tokens.manage(subscriber.pk, subscriber.epoch, now=now)
        )
    return mail.build(f"subscriptions/{request.verdict}", subscriber.email, context)


def link(name: str, token: str) -> str:
    return mail.absolute(reverse(f"subscriptions:{name}", args=[token]))
