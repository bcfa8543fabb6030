from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from subscriptions import digest, ledger, sending
from subscriptions.models import Delivery, DeliveryItem, Issue, Subscriber
from subscriptions.sending import Report
from tests.subscriptions.factories import (
    DAY,
    HOUR,
    NOON,
    SECOND,
    make_due_post,
    make_subscriber,
    open_issue,
)
from tests.subscriptions.relay import DROP, Sink

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
State = Delivery.State
MINUTE = timedelta(minutes=1)
LATER = NOON + 2 * SECOND


def send(now: datetime = LATER, **options: Any) -> Report:
    return sending.send(clock=lambda: now, **options)


def states() -> Counter[str]:
    return Counter(Delivery.objects.values_list("state", flat=True))


def test_every_recipient_gets_one_copy_and_the_issue_is_done(relay: Sink):
    issue = open_issue(people=3)
    send()
    assert sorted(relay.recipients) == sorted(Subscriber.objects.values_list("email", flat=True))
    issue.refresh_from_db()
    assert issue.state == Issue.State.DONE
    assert issue.done_at == LATER
    assert states() == {State.SENT: 3}


def test_sending_again_sends_nothing(relay: Sink):
    open_issue(people=2)
    send()
    assert send().outcomes == {}
    assert len(relay.accepted) == 2


def test_without_smtp_each_message_goes_through_the_backend(mailoutbox: list[Any]):
    open_issue(people=2, title="A pilot")
    send()
    assert len(mailoutbox) == 2
    assert len({message.to[0] for message in mailoutbox}) == 2
    assert mailoutbox[0].subject == "A pilot"
    assert "A PILOT" in mailoutbox[0].body
    assert states() == {State.SENT: 2}


def test_file_backend_writes_what_the_relay_would_get(settings: Any, tmp_path: Any):
    settings.EMAIL_BACKEND, settings.EMAIL_FILE_PATH = "pbrsite.mail.FileBackend", tmp_path
    open_issue()
    send()
    content = next(tmp_path.glob("*.eml")).read_bytes()
    assert b"List-Unsubscribe: <http" in content
    assert b"\r\nTo: reader-" in content


@pytest.mark.parametrize(
    ("stage", "reply", "state"),
    [
        ("on_mail", "550 5.1.8 sender unknown", State.RETRY),
        ("on_mail", "530 5.7.0 authentication required", State.RETRY),
        ("on_rcpt", "550 5.1.1 no such person", State.REJECTED),
        ("on_rcpt", "450 4.2.0 greylisted", State.RETRY),
        ("on_rcpt", DROP, State.RETRY),
        ("on_mail", DROP, State.RETRY),
        ("on_data", "451 4.3.0 try later", State.RETRY),
        ("on_data", "554 5.6.0 not like this", State.REJECTED),
        ("on_data", DROP, State.UNKNOWN),
        ("on_mail", "Hello again", State.RETRY),
        ("on_rcpt", "Hello again", State.RETRY),
    ],
)
def test_what_the_relay_says_decides_the_state(relay: Sink, stage: str, reply: str, state: str):
    open_issue()
    setattr(relay, stage, lambda address: reply)
    send()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempt) == (state, 1)
    assert reply in {DROP, "Hello again"} or delivery.smtp_reply == reply


def test_one_refusal_does_not_stop_the_others(relay: Sink):
    open_issue(people=5)
    unlucky = Subscriber.objects.order_by("pk")[2].email
    relay.on_rcpt = lambda to: "550 5.1.1 unknown" if to == unlucky else ""
    send()
    assert states() == {State.SENT: 4, State.REJECTED: 1}


def test_retries_come_after_the_promised_pauses_until_it_expires(relay: Sink):
    issue = open_issue()
    relay.on_rcpt = lambda to: "450 4.2.0 greylisted"
    now, pauses = LATER, []
    for _ in range(6):
        send(now)
        delivery = Delivery.objects.get()
        assert delivery.next_at is not None
        pauses.append((delivery.next_at - now) / MINUTE)
        now = delivery.next_at
    wanted = [1, 5, 15, 60, 240, 240]
    assert all(0.8 * due <= pause <= 1.2 * due for due, pause in zip(wanted, pauses, strict=True))
    send(NOON + 20 * HOUR + MINUTE)
    issue.refresh_from_db()
    assert states() == {State.EXPIRED: 1}
    assert issue.state == Issue.State.DONE


def test_relay_that_relents_gets_one_copy(relay: Sink):
    open_issue()
    relay.on_rcpt = lambda to: "450 4.2.0 greylisted"
    send()
    relay.on_rcpt = lambda to: ""
    send(LATER + 30 * SECOND)
    assert relay.accepted == []
    send(LATER + 2 * MINUTE)
    assert len(relay.accepted) == 1
    assert states() == {State.SENT: 1}


def test_relay_that_is_down_costs_no_attempt(settings: Any, relay: Sink):
    open_issue(people=2)
    settings.EMAIL_PORT = 1
    report = send()
    assert "relay unavailable" in report.trouble
    assert set(Delivery.objects.values_list("state", "attempt")) == {("pending", 0)}


def test_nobody_who_left_before_their_turn_is_written_to(relay: Sink):
    open_issue(people=3)
    leaver = Subscriber.objects.order_by("pk")[1]
    leaver.leave(at=LATER, method="test")
    send()
    assert leaver.email not in relay.recipients
    assert len(relay.accepted) == 2
    assert states() == {State.SENT: 2, State.CANCELLED: 1}
    assert not DeliveryItem.objects.filter(subscriber=leaver).exists()


def test_person_who_left_between_claim_and_turn_is_not_written_to(relay: Sink):
    open_issue(people=3)
    last = Subscriber.objects.filter(pk=Subscriber.objects.order_by("-pk")[0].pk)
    send(on_outcome=lambda state: last.update(state="unsubscribed"))
    assert last.get().email not in relay.recipients
    assert states() == {State.SENT: 2, State.CANCELLED: 1}


def test_stop_finishes_the_message_in_flight_and_gives_claims_back(relay: Sink):
    open_issue(people=5)
    send(should_stop=lambda: len(relay.accepted) >= 2)
    assert states() == {State.SENT: 2, State.PENDING: 3}
    send()
    assert len(relay.accepted) == len(set(relay.recipients)) == 5


def test_what_a_dead_worker_left_is_named_and_given_back(relay: Sink):
    open_issue(people=3)
    first, second, _ = Delivery.objects.order_by("pk")
    begun, both = Delivery.objects.filter(pk=first.pk), [first.pk, second.pk]
    Delivery.objects.filter(pk__in=both).update(state=State.CLAIMED, worker=99, next_at=None)
    begun.update(state=State.SENDING, attempt=1)
    send()
    first.refresh_from_db()
    assert first.state == State.UNKNOWN
    assert first.worker is None
    assert states() == {State.UNKNOWN: 1, State.SENT: 2}


def test_claims_of_a_living_worker_are_left_alone(relay: Sink):
    open_issue()
    with ledger.presence() as worker:
        assert worker is not None
        ledger.claim(worker, now=LATER, size=10)
        assert ledger.recover(LATER) == 0


def test_no_more_than_four_workers_are_at_it():
    with ExitStack() as stack:
        workers = [stack.enter_context(ledger.presence(most=4)) for _ in range(5)]
    assert all(workers[:4])
    assert workers[4] is None


def test_lost_claim_is_noticed():
    open_issue()
    with pytest.raises(ledger.LostClaim):
        ledger.step(ledger.Closing(1, State.SENT, ""), None, worker=7, now=LATER)


def test_next_is_not_opened_once_the_last_is_lost():
    open_issue(people=2)
    with ledger.presence() as worker:
        assert worker is not None
        first, second = ledger.claim(worker, now=LATER, size=2)
        ledger.step(None, first, worker=worker, now=LATER)
        Delivery.objects.filter(pk=first.pk).update(state=State.UNKNOWN, worker=None)
        closing = ledger.Closing(first.pk, State.SENT, "")
        with pytest.raises(ledger.LostClaim):
            ledger.step(closing, second, worker=worker, now=LATER)
    assert states() == {State.UNKNOWN: 1, State.CLAIMED: 1}


def test_nobody_is_written_to_at_an_address_of_before():
    open_issue()
    claims = ledger.claim(7, now=LATER, size=1)
    Subscriber.objects.update(email="moved@example.org")
    assert ledger.step(None, claims[0], worker=7, now=LATER) is None
    assert ledger.pass_over(claims[0], worker=7, now=LATER) == State.PENDING
    assert ledger.claim(7, now=LATER, size=1)[0].email == "moved@example.org"


def test_opening_and_closing_write_to_no_index(relay: Sink):
    def beside() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_get_xact_tuples_hot_updated(%s::regclass)",
                           ["subscriptions_delivery"])  # fmt: skip
            return int(cursor.fetchone()[0])

    open_issue(people=2)
    before = beside()
    send()
    assert beside() - before == 4


def test_unknown_is_repaired_by_tomorrows_mail(relay: Sink):
    open_issue(title="Uncertain")
    relay.on_data = lambda to: DROP
    send()
    relay.on_data = lambda to: ""
    make_due_post(title="New", noon=NOON + DAY)
    digest.ring(NOON + DAY + SECOND)
    send(NOON + DAY + 2 * SECOND)
    assert relay.messages[-1]["Subject"] == "New, and 1 more"
    assert "In case you missed it" in str(relay.messages[-1])


def test_accounting_adds_up_whatever_happens(relay: Sink, django_assert_num_queries: Any):
    open_issue(people=12)
    people = list(Subscriber.objects.order_by("pk"))
    answers = {people[1].email: "550 5.1.1 no", people[2].email: "450 4.2.0 wait"}
    relay.on_rcpt = lambda to: answers.get(to, "")
    relay.on_data = lambda to: DROP if to == people[3].email else ""
    people[4].leave(at=LATER, method="test")
    people[5].suppress(reason="complaint", at=LATER, method="test")  # type: ignore[arg-type]
    send()
    with django_assert_num_queries(1):
        issue = Issue.objects.with_accounting().get()
    assert issue.account() == (
        "audience 12 = sent 7 + rejected 1 + unknown 1 + cancelled 1 + suppressed 1 + open 1"
    )


def test_query_count_per_message_is_one(relay: Sink, django_assert_num_queries: Any):
    open_issue(people=30)
    # 30 steps; and recover, expire, rest, presence (5), rest and claim (4), edition, close,
    # release, settle (4).
    with django_assert_num_queries(30 + 19):
        send()


def test_new_subscriber_during_the_send_is_left_for_tomorrow(relay: Sink):
    open_issue()
    make_subscriber()
    send()
    assert len(relay.accepted) == 1


def test_logs_hold_no_address(relay: Sink, caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG")
    open_issue(people=30)
    relay.on_rcpt = lambda to: f"550 5.7.1 <{to}> is not welcome"
    send()
    relay.on_mail = lambda sender: f"421 4.7.0 {sender} is too quick"
    Issue.objects.get().resume(at=LATER)
    send()
    ours = [record.getMessage() for record in caplog.records if record.name != "mail.log"]
    assert len(ours) >= 3
    assert "@" not in "".join(ours)


def test_what_a_dead_sender_had_claimed_is_due_at_once_whatever_its_finder_s_clock():
    open_issue()
    assert ledger.claim(1, now=NOON + 5 * SECOND, size=10)  # Nobody holds this worker's lock.
    assert ledger.recover(NOON + 60 * SECOND) == 1
    assert ledger.claim(2, now=NOON + 6 * SECOND, size=10)
