"""Very many sign-ups at once: who goes on at once, and who waits.

A list bomber signs other people up by the thousand, so that our confirmations pester them. Beyond a
calm hour's number only those are mailed at once whose browser takes a second step; the others wait,
and a few are let through each minute. Nobody is refused: the person who did ask gets the mail.
"""

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from pbrsite import rates
from subscriptions import tokens
from subscriptions.models import MailRequest

HOUR = timedelta(hours=1)
CALM_PER_HOUR = 120  # confirmations of the whole site that go out without a second step
CONFIRMATIONS_PER_HOUR = 600  # and with one; the rest waits its turn
WAITING_PER_MINUTE = 10  # as fast as the site's cap refills
SURELY_WAITING = timedelta(minutes=5)  # Before that, its first job may just not have come to it.
SHORTEST_STEP = timedelta(seconds=2)  # A person has to read before pressing the button.

_CALM, _SITE = "subscriptions.calm", "subscriptions.site"


class Surge(Exception):  # noqa: N818 - it reads as what it is.
    """More confirmations are asked for than may go out now: the request waits."""


def is_on(now: datetime) -> bool:
    """Return whether a second step may help somebody who signs up now; writes nothing.

    The last tenth counts as gone: others' requests may be before theirs in the queue.
    """
    left = rates.left(_CALM, size=CALM_PER_HOUR, per=HOUR, now=now)
    return left < max(1, CALM_PER_HOUR // 10)


def step_up(browser: str, now: datetime) -> None:
    """Let the waiting requests of the browser with this mark go first.

    One statement, whatever becomes of it: nobody learns from it what is known of an address. The
    clock answers them within a minute.
    """
    if tokens.BROWSER.fullmatch(browser):
        waiting = MailRequest.objects.filter(browser=browser, at__lte=now - SHORTEST_STEP)
        undecided = waiting.filter(verdict=MailRequest.Verdict.UNDECIDED, stepped_up_at=None)
        undecided.update(stepped_up_at=now)


def held_up(now: datetime) -> QuerySet[MailRequest]:
    """Return the requests that wait; who took a second step comes first, then the oldest."""
    waits = Q(at__lt=now - SURELY_WAITING) | Q(stepped_up_at__isnull=False)
    waiting = MailRequest.objects.filter(waits, verdict=MailRequest.Verdict.UNDECIDED)
    waiting = waiting.exclude(purpose=MailRequest.Purpose.INVITE)
    return waiting.order_by(F("stepped_up_at").asc(nulls_last=True), "pk")


def take_turn(request: MailRequest, now: datetime) -> None:
    """Count one more confirmation, or raise Surge: the request has to wait.

    Nobody who comes in a surge goes before those who have waited, unless by a second step.
    """
    before = held_up(now).filter(pk__lt=request.pk)
    if request.stepped_up_at:
        before = before.filter(stepped_up_at__lt=request.stepped_up_at)
    elif not rates.take(_CALM, size=CALM_PER_HOUR, per=HOUR, now=now):
        raise Surge
    if before[:WAITING_PER_MINUTE].count() == WAITING_PER_MINUTE:
        raise Surge
    if not rates.take(_SITE, size=CONFIRMATIONS_PER_HOUR, per=HOUR, now=now):
        raise Surge
