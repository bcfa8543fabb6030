"""What the relay refuses: who waits, when an issue pauses, and what becomes of it afterwards."""

import pytest

from subscriptions import digest
from subscriptions.models import Delivery, Issue, Subscriber
from tests.subscriptions.factories import DAY, HOUR, NOON, SECOND, open_issue
from tests.subscriptions.relay import Sink
from tests.subscriptions.test_sending import LATER, MINUTE, send, states

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
State = Delivery.State


def accept_then_say(relay: Sink, reply: str) -> None:
    """Make the relay keep each message and answer in words of its own."""
    relay.is_taking_all = True
    relay.on_data = lambda to: reply


@pytest.mark.parametrize("reply", ["Queued as 1234", "354 Go on", "102 Well", "999 What"])
def test_senseless_answer_to_the_message_is_never_tried_again(relay: Sink, reply: str):
    open_issue(people=2)
    accept_then_say(relay, reply)
    send()
    send(LATER + HOUR)
    assert states() == {State.UNKNOWN: 2}
    assert len(relay.accepted) == len(set(relay.recipients)) == 2


def test_busy_relay_is_left_alone(relay: Sink):
    open_issue(people=10)
    relay.on_mail = lambda sender: "421 4.7.0 too many"
    report = send()
    assert "421" in report.trouble
    assert "@" not in report.trouble
    assert states() == {State.RETRY: 2, State.PENDING: 8}


def test_refusals_by_policy_pause_the_issue_and_suppress_nobody(relay: Sink):
    issue = open_issue(people=60)
    relay.on_rcpt = lambda to: "550 5.7.1 your network is listed"
    send()
    issue.refresh_from_db()
    assert issue.state == Issue.State.PAUSED
    assert "5.7" in issue.pause_reason
    assert states()[State.REJECTED] <= 50
    assert states()[State.PENDING] >= 10
    assert Subscriber.objects.active().count() == 60


def test_twenty_failures_in_a_row_pause_the_issue(relay: Sink):
    issue = open_issue(people=30)
    relay.on_rcpt = lambda to: "550 5.1.1 unknown"
    send()
    issue.refresh_from_db()
    assert issue.state == Issue.State.PAUSED
    assert states()[State.REJECTED] == 20


@pytest.mark.parametrize(
    ("stage", "reply"),
    [
        ("on_mail", "530 5.7.0 authentication required"),
        ("on_mail", "550 who are you"),
        ("on_rcpt", "550 5.7.1 your network is listed"),
        ("on_rcpt", "530 authentication required"),
        ("on_rcpt", "550 relaying denied"),
        ("on_data", "554 5.7.1 not in these words"),
    ],
)
def test_refusal_of_us_pauses_and_after_the_mend_everybody_gets_one_copy(
    relay: Sink, stage: str, reply: str
):
    issue = open_issue(people=30)
    setattr(relay, stage, lambda address: reply)
    for minutes in range(1, 31):
        send(LATER + minutes * MINUTE)
    issue.refresh_from_db()
    assert issue.state == Issue.State.PAUSED
    setattr(relay, stage, lambda address: "")
    issue.resume(at=LATER + HOUR)
    send(LATER + HOUR + MINUTE)
    assert states() == {State.SENT: 30}
    assert len(relay.accepted) == len(set(relay.recipients)) == 30


def test_refusals_are_counted_from_slice_to_slice(relay: Sink):
    issue = open_issue(people=60)
    relay.on_rcpt = lambda to: "550 5.1.1 unknown"
    for minutes in range(1, 11):
        enough = iter([False] * 8 + [True] * 8)
        send(LATER + minutes * MINUTE, should_stop=lambda enough=enough: next(enough))
    issue.refresh_from_db()
    assert issue.state == Issue.State.PAUSED
    assert states()[State.REJECTED] == 20


def test_resumed_issue_is_judged_anew(relay: Sink):
    issue = open_issue(people=40)
    relay.on_rcpt = lambda to: "550 5.1.1 unknown"
    send()
    issue.resume(at=LATER + MINUTE)
    waiting = Delivery.objects.filter(state=State.PENDING)
    unlucky = waiting.values_list("subscriber__email", flat=True)[3]
    relay.on_rcpt = lambda to: "550 5.7.1 no" if to == unlucky else ""
    send(LATER + 2 * MINUTE)
    assert states() == {State.REJECTED: 21, State.SENT: 19}


def test_what_tomorrow_has_repaired_is_not_tried_again_on_resume(relay: Sink):
    issue = open_issue(people=1)
    Delivery.objects.update(state=State.REJECTED, next_at=None, smtp_reply="550 5.7.1 no")
    issue.pause(reason="a look first")
    digest.ring(NOON + DAY + SECOND)
    issue.resume(at=NOON + DAY + MINUTE)
    send(NOON + DAY + 2 * MINUTE)
    assert [message["Subject"][:19] for message in relay.messages] == ["In case you missed "]
    assert states() == {State.REJECTED: 1, State.SENT: 1}


def test_resumed_issue_goes_on_where_it_stopped(relay: Sink):
    issue = open_issue(people=3)
    issue.pause(reason="a look first")
    assert send().outcomes == {}
    assert issue.resume(at=LATER)
    assert not issue.resume(at=LATER)
    send()
    assert len(relay.accepted) == 3


def test_paused_issue_gives_claims_back(relay: Sink):
    issue = open_issue(people=3)
    send(on_outcome=lambda state: issue.pause(reason="stop"))
    assert states() == {State.SENT: 1, State.PENDING: 2}
