"""Tests of the next issue: one copy to somebody of the staff. The ledger knows nothing of them."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User

from pbrsite import rates
from subscriptions import addresses, couriers
from subscriptions.addresses import ImpossibleAddress
from subscriptions.couriers import Outcome, RelayUnavailable
from subscriptions.editions import Rendering
from subscriptions.message import Pattern
from subscriptions.models import Delivery, Edition, Issue

NOBODY = 0  # No subscriber has this number, so the links of a test unsubscribe nobody.
TESTS_PER_HOUR = 12  # of one member of staff


class TooManyTests(Exception):  # noqa: N818 - it reads as what it is.
    """That is enough tests for an hour. Try again later."""


class NotStaff(Exception):  # noqa: N818 - it reads as what it is.
    """Tests go to members of staff alone. Nobody of them has this address."""


def staff_address(typed: str) -> str:
    """Return the address of the member of staff who has it, as mail wants it; or raise NotStaff."""
    staff = User.objects.filter(is_staff=True, is_active=True, email__iexact=typed.strip())
    found = staff.exclude(email="").values_list("email", flat=True).first()
    try:
        return addresses.normalise(found or "")
    except ImpossibleAddress as error:
        raise NotStaff from error


def send_test(issue: Issue, rendering: Rendering, *, to: str, by: User, now: datetime) -> str:
    """Send one copy at once and return in words what the relay said. Raises TooManyTests."""
    key = f"subscriptions.trial:{by.pk}"
    if not rates.take(key, size=TESTS_PER_HOUR, per=timedelta(hours=1), now=now):
        raise TooManyTests
    # A number of its own for each test: mail programs show a second copy of one Message-ID never.
    issue.pk = int(now.timestamp() * 1_000_000)
    edition = Edition(pk=issue.pk, issue=issue, subject=f"[Test] {rendering.subject}"[:300],
                      html=rendering.html, text=rendering.text)  # fmt: skip
    return _in_words(_hand_over(edition, to), to)


def _hand_over(edition: Edition, to: str) -> Outcome | None:
    courier = couriers.from_settings()
    try:
        courier.get_ready()
        return courier.hand_over(Pattern(edition).letter(NOBODY, to))
    except RelayUnavailable:
        return None
    finally:
        courier.close()


def _in_words(outcome: Outcome | None, to: str) -> str:
    if outcome is None:
        return "Not sent: the mail relay does not answer."
    if outcome.state == Delivery.State.SENT and settings.EMAIL_BACKEND.endswith("FileBackend"):
        return f"A test for {to} was written to a file: without EMAIL_URL no mail is sent."
    if outcome.state == Delivery.State.SENT:
        return f"A test was handed to the mail relay for {to}."
    if outcome.state == Delivery.State.UNKNOWN:
        return f"Unknown: the connection broke at the last moment. The test may reach {to}."
    return f"Not sent: the mail relay said “{outcome.reply}”."
