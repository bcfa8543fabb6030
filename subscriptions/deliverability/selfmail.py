"""The mail the site sends to itself once a day: the same headers and the same way as a digest.

DKIM and the domain's records are the operator's and the relay's; whether they work shows only where
the mail arrives. So one goes to the mailbox of returned mail, whose server checks it as any does.
"""

import logging
from datetime import datetime, timedelta
from email.message import Message
from email.utils import parseaddr

from django.conf import settings

from subscriptions import couriers, tokens
from subscriptions.couriers import RelayUnavailable
from subscriptions.deliverability import authentication
from subscriptions.deliverability.selfchecks import SelfCheck
from subscriptions.message import Letter, Pattern
from subscriptions.models import Delivery, Edition, Issue, Kind

logger = logging.getLogger(__name__)

DAILY = timedelta(hours=20)
NOBODY = 0  # No subscriber has this number: the unsubscribe link leads nowhere.


def is_possible() -> bool:
    """Return whether there is an address to write to and a mailbox to find it in."""
    return bool(settings.BOUNCE_ADDRESS and settings.BOUNCE_MAILBOX)


def send_daily(now: datetime) -> SelfCheck | None:
    """Send one unless it is impossible or one went within 20 hours. Safe to ring again."""
    if not is_possible() or SelfCheck.objects.filter(sent_at__gt=now - DAILY).exists():
        return None
    return send(now)


def send(now: datetime) -> SelfCheck:
    """Write to the site itself, and keep what the relay says if it refuses."""
    check = SelfCheck.objects.create(sent_at=now)
    check.trouble = _hand_over(_letter(check))
    if check.trouble:
        check.save(update_fields=["trouble"])
        logger.error("Self-check %s: %s", check.pk, check.trouble)
    return check


def arrive(check_id: int, message: Message, *, sent_at: datetime, now: datetime) -> bool:
    """Keep how one looked when it arrived; return whether it was expected. Idempotent."""
    expected = SelfCheck.objects.filter(pk=check_id, arrived_at=None, sent_at__lte=now)
    check = expected.first()
    if check is None or int(check.sent_at.timestamp()) != int(sent_at.timestamp()):
        return False
    told = authentication.results(message, trusted=settings.AUTHSERV_ID)
    signed = authentication.signature(message)
    sender = parseaddr(str(message.get("From", "")))[1].rpartition("@")[2]
    won = expected.update(
        arrived_at=now, checked_by=told.authserv_id, spf=told.spf, dkim=told.dkim, dmarc=told.dmarc,
        signing_domain=signed.domain if signed else "",
        is_aligned=authentication.is_aligned(signed.domain, sender) if signed else None,
        unsigned=", ".join(signed.unsigned) if signed else "",
    )  # fmt: skip
    return bool(won)


def address(check: SelfCheck) -> str:
    """Return the address of this one mail: whoever could guess it could vouch for the site."""
    local, _, domain = parseaddr(settings.BOUNCE_ADDRESS)[1].rpartition("@")
    return f"{local}+{tokens.self_check(check.pk, sent_at=check.sent_at)}@{domain}"


def _letter(check: SelfCheck) -> Letter:
    return Pattern(_edition(check)).letter(NOBODY, address(check))


def _edition(check: SelfCheck) -> Edition:
    """Return an edition that is in no table: a digest in all but its words."""
    day = check.sent_at.astimezone(settings.ZONE)
    # Its number makes each Message-ID new: some mailboxes drop what they had before.
    issue = Issue(pk=check.pk, kind=Kind.DAILY, local_date=day.date(), frozen_at=check.sent_at)
    words = f"{settings.SITE_NAME} checks once a day whether its mail arrives. This is that mail."
    return Edition(
        pk=0, issue=issue, fresh=[], again=[],
        subject=f"Self-check of {day:%-d %B %Y, %H:%M}",
        text=f"{words}\n", html=f"<!doctype html><title>Self-check</title><p>{words}</p>",
    )  # fmt: skip


def _hand_over(letter: Letter) -> str:
    """Hand it to the relay once; return what went wrong, or ""."""
    courier = couriers.from_settings()
    try:
        courier.get_ready()
        outcome = courier.hand_over(letter)
    except RelayUnavailable as error:
        return f"the relay cannot be reached ({error})"
    finally:
        courier.close()
    return "" if outcome.state == Delivery.State.SENT else outcome.reply[:200] or "not taken"
