"""Senders that are killed: the ledger holds, and nobody gets two copies."""

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from subscriptions import digest, tasks
from subscriptions.models import Delivery, Issue
from tests.factories import make_post
from tests.subscriptions.factories import SECOND, make_subscribers, open_issue
from tests.subscriptions.processes import accounting, end_all, start, start_sender, wait_for
from tests.subscriptions.relay import DROP, Sink

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
PEOPLE = 1500


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    yield
    end_all()


def assert_ledger_holds(relay: Sink, kills: int) -> None:
    issue, copies = accounting(), Counter(relay.recipients)
    assert max(copies.values()) == 1
    assert issue.still_open == 0
    assert issue.state == Issue.State.DONE
    assert issue.sent_count + issue.unknown_count == issue.audience == PEOPLE
    assert issue.unknown_count <= kills
    sent = Delivery.objects.filter(state="sent").values_list("subscriber__email", flat=True)
    assert set(sent) <= set(copies)


def test_two_senders_one_killed_and_a_relay_that_drops_replies(relay: Sink, tmp_path: Path):
    open_issue(people=PEOPLE)
    unlucky = set(Delivery.objects.values_list("subscriber__email", flat=True)[::300])
    relay.on_data = lambda to: DROP if to in unlucky else ""
    first, second = (start_sender(relay, tmp_path / "log") for _ in range(2))
    wait_for(relay, 400, first)
    first.kill()
    assert [first.wait(10), second.wait(90)] == [-signal.SIGKILL, 0]
    assert start_sender(relay, tmp_path / "log").wait(60) == 0
    assert_ledger_holds(relay, 1 + len(unlucky))


def test_terminated_sender_finishes_its_message_and_leaves_nothing_uncertain(
    relay: Sink, tmp_path: Path
):
    open_issue(people=PEOPLE)
    sender = start_sender(relay, tmp_path / "log")
    wait_for(relay, 200, sender)
    sender.terminate()
    assert sender.wait(20) == 0
    issue = accounting()
    assert issue.sent_count == len(relay.accepted) < PEOPLE
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent", "pending"}


def test_stopping_worker_leaves_nothing_uncertain(relay: Sink, tmp_path: Path):
    now = timezone.now()
    make_subscribers(PEOPLE, frequency="instant")
    digest.open_instant(make_post(published_at=now - SECOND), now)
    tasks.send.defer()
    worker = start(relay, tmp_path / "log", "work")
    wait_for(relay, 200, worker)
    worker.terminate()
    assert worker.wait(20) == 0
    states = Delivery.objects.values_list("state", flat=True)
    assert set(states) == {"sent", "pending"}
    assert list(states).count("sent") == len(relay.accepted) < PEOPLE


def test_a_worker_that_died_is_followed_by_another(relay: Sink, tmp_path: Path):
    log = tmp_path / "log"
    supervisor = start(relay, log, "work")
    os.kill(workers_of(log, count=1)[0], signal.SIGKILL)
    first, second = workers_of(log, count=2)
    assert first != second
    supervisor.terminate()
    assert supervisor.wait(20) == 0
    assert "The worker ended with -9" in log.read_text()


def workers_of(log: Path, *, count: int) -> list[int]:
    """Wait until so many workers have been started, and return their process ids."""
    deadline = time.monotonic() + 30
    while len(found := re.findall(r"Worker started as process (\d+)", log.read_text())) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return [int(pid) for pid in found]
