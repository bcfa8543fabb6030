"""The fault tests of the design at full size, with several connections. Each prints its numbers."""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from subscriptions import tokens
from subscriptions.feedback import effects, relayevents
from subscriptions.models import ConsentEvent, Delivery, Issue, Subscriber, Suppression
from tests.subscriptions.factories import HOUR, NOON, open_issue
from tests.subscriptions.processes import accounting, end_all, start_sender, wait_for
from tests.subscriptions.relay import DROP
from tests.subscriptions.sink import SILENCE, Quick, listening

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
PEOPLE = int(os.environ.get("FAULT_PEOPLE", "20000"))
LONGEST_SECONDS = 60  # of killing; then the last one may finish
CONNECTIONS = 2
State = Delivery.State


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    yield
    end_all()


@pytest.fixture
def sink() -> Iterator[Quick]:
    with listening(Quick()) as quick:
        yield quick


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Any:
    """Return what prints one line of the table in the README."""

    def _tell(what: str, sink: Quick, **numbers: object) -> None:
        copies = Counter(sink.recipients)
        numbers["duplicates"] = sum(copies.values()) - len(copies)
        with capsys.disabled():
            print(f"\n{what}: " + ", ".join(f"{name} {value}" for name, value in numbers.items()))  # noqa: T201

    return _tell


def assert_nobody_is_lost_or_mailed_twice(sink: Quick, people: int) -> Any:
    """Check the ledger against what the relay has; return the issue with its accounting."""
    issue, copies = accounting(), Counter(sink.recipients)
    left = Delivery.objects.open().values_list("state", "attempt", "smtp_reply")
    assert not Counter(left)
    assert max(copies.values(), default=0) <= 1
    assert (issue.audience, issue.still_open, issue.state) == (people, 0, Issue.State.DONE)
    sent = set(
        Delivery.objects.filter(state=State.SENT).values_list("subscriber__email", flat=True)
    )
    assert sent <= set(copies)
    unknown = Delivery.objects.filter(state=State.UNKNOWN)
    assert set(copies) <= sent | set(unknown.values_list("subscriber__email", flat=True))
    return issue


def finish(sink: Quick, log: Path, **options: Any) -> None:
    last = start_sender(sink, log, connections=CONNECTIONS, **options)
    assert last.wait(120) == 0, log.read_text()[-2000:]


def test_senders_killed_every_second_by_a_relay_that_drops_replies(
    sink: Quick, tmp_path: Path, tell: Any
):
    open_issue(people=PEOPLE)
    unlucky = set(Delivery.objects.values_list("subscriber__email", flat=True)[::500])
    sink.on_data = lambda to: DROP if to in unlucky else ""
    log, kills, alive = tmp_path / "log", 0, []
    end = time.monotonic() + LONGEST_SECONDS
    while len(sink.accepted) < 0.95 * PEOPLE and time.monotonic() < end:
        # Four at a time, so that some send while the next start; each second the eldest dies.
        alive.append(start_sender(sink, log, connections=CONNECTIONS))
        time.sleep(1)
        if len(alive) > 3:
            elder = alive.pop(0)
            kills += elder.poll() is None
            elder.kill()
            elder.wait(10)
    for sender in alive:
        kills += sender.poll() is None
        sender.kill()
        sender.wait(10)
    finish(sink, log)
    issue = assert_nobody_is_lost_or_mailed_twice(sink, PEOPLE)
    lost = PEOPLE - issue.sent_count - issue.unknown_count
    tell("kill -9 of senders", sink, kills=kills, recipients=PEOPLE, lost=lost,
         unknown=issue.unknown_count)  # fmt: skip
    assert kills > 5
    assert lost == 0
    assert issue.unknown_count <= kills * CONNECTIONS + len(unlucky)


def test_relay_that_says_451_for_a_while_gets_everything_once(
    sink: Quick, tmp_path: Path, tell: Any
):
    people, log = 1500, tmp_path / "log"
    open_issue(people=people)
    answers = Counter[str]()

    def say(to: str) -> str:
        answers[to] += 1
        return "451 4.3.2 wait" if len(sink.accepted) >= 500 and answers[to] == 1 else ""

    sink.on_rcpt = say
    finish(sink, log)
    assert "still to be sent, the next at 12:0" in log.read_text()
    waiting = Delivery.objects.filter(state=State.RETRY).count()
    finish(sink, log, moment=(NOON + HOUR).isoformat())
    issue = assert_nobody_is_lost_or_mailed_twice(sink, people)
    lost = people - issue.sent_count
    tell("451 for a while", sink, recipients=people, retried=waiting, lost=lost)
    assert issue.sent_count == people
    assert waiting > 500


def test_relay_that_hangs_costs_the_messages_in_flight(sink: Quick, tmp_path: Path, tell: Any):
    people = 600
    open_issue(people=people)
    unlucky = set(Delivery.objects.values_list("subscriber__email", flat=True)[100::250])
    sink.on_data = lambda to: SILENCE if to in unlucky else ""
    finish(sink, tmp_path / "log", options="?timeout=1")
    issue = assert_nobody_is_lost_or_mailed_twice(sink, people)
    tell("relay hangs", sink, hangs=len(unlucky), recipients=people, unknown=issue.unknown_count,
         lost=people - issue.sent_count - issue.unknown_count)  # fmt: skip
    assert issue.unknown_count == len(unlucky)
    assert issue.sent_count == people - len(unlucky)


def test_addresses_that_do_not_exist_are_left_alone_from_then_on(
    sink: Quick, tmp_path: Path, tell: Any
):
    people = 1000
    open_issue(people=people)
    gone = set(Subscriber.objects.values_list("email", flat=True)[::100])
    sink.on_rcpt = lambda to: "550 5.1.1 no such person" if to in gone else ""
    finish(sink, tmp_path / "log")
    assert relayevents.collect(NOON + HOUR) == len(gone)
    effects.weigh_waiting(NOON + HOUR)
    bounced = Subscriber.objects.filter(state=Subscriber.State.BOUNCED)
    tell("550 5.1.1 on 1 %", sink, recipients=people, refused=len(gone), suppressed=len(bounced))
    assert set(bounced.values_list("email", flat=True)) == gone
    assert all(Suppression.reason_for(email) == "bounce" for email in gone)
    assert ConsentEvent.objects.filter(to_state="bounced").count() == len(gone)


def test_refusal_of_us_pauses_soon_and_suppresses_nobody(sink: Quick, tmp_path: Path, tell: Any):
    people = 1000
    open_issue(people=people)
    sink.on_rcpt = lambda to: "550 5.7.1 your network is listed"
    senders = [start_sender(sink, tmp_path / "log", connections=4) for _ in range(2)]
    assert [sender.wait(60) for sender in senders] == [0, 0]
    issue = accounting()
    tell("550 5.7.1 on all", sink, recipients=people, refused=issue.rejected_count)
    assert issue.state == Issue.State.PAUSED
    assert issue.rejected_count <= 50
    assert issue.still_open == people - issue.rejected_count
    assert Subscriber.objects.active().count() == people
    assert not Suppression.objects.exists()


def test_after_an_unsubscribe_is_answered_no_attempt_is_opened(
    sink: Quick, tmp_path: Path, tell: Any
):
    people = 3000
    issue = open_issue(people=people)
    _note_openings()
    leavers = list(Subscriber.objects.order_by("?")[:600])
    answered: dict[int, datetime] = {}

    def leave(some: list[Subscriber]) -> None:
        client = Client()
        for person in some:
            url = f"/u/{tokens.leave(person.pk, issue.pk)}/"
            assert client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200
            answered[person.pk] = datetime.now().astimezone()
        connection.close()

    sender = start_sender(sink, tmp_path / "log", connections=CONNECTIONS)
    wait_for(sink, 1, sender)
    threads = [threading.Thread(target=leave, args=[leavers[part::3]]) for part in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sender.wait(60) == 0
    opened = _openings()
    too_late = [pk for pk, at in answered.items() if pk in opened and opened[pk] > at]
    cancelled = Delivery.objects.filter(state=State.CANCELLED).count()
    assert_nobody_is_lost_or_mailed_twice(sink, people)
    tell("unsubscribes while sending", sink, recipients=people, unsubscribes=len(answered),
         spared=cancelled, opened_after_the_answer=len(too_late))  # fmt: skip
    assert len(answered) == len(leavers)
    assert 0 < cancelled < len(leavers)
    assert too_late == []


def _note_openings() -> None:
    """Have Postgres note when each attempt is opened; the table goes with the test's rows."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS test_opening (person bigint, at timestamptz)")
        cursor.execute("TRUNCATE test_opening")
        cursor.execute(
            "CREATE OR REPLACE FUNCTION test_note_opening() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN INSERT INTO test_opening VALUES (NEW.subscriber_id, clock_timestamp()); "
            "RETURN NULL; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER test_opening AFTER UPDATE ON subscriptions_delivery FOR EACH ROW "
            "WHEN (NEW.state = 'sending') EXECUTE FUNCTION test_note_opening()"
        )


def _openings() -> dict[int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT person, at FROM test_opening")
        opened = dict(cursor.fetchall())
        cursor.execute("DROP TRIGGER test_opening ON subscriptions_delivery")
        cursor.execute("DROP TABLE test_opening; DROP FUNCTION test_note_opening")
    return opened
