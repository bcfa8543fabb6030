"""Senders that are killed: the ledger holds, and nobody gets two copies."""

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from subscriptions import digest, tasks
from subscriptions.models import Delivery, Issue
from tests.factories import make_post
from tests.subscriptions.factories import NOON, SECOND, make_subscribers, open_issue
from tests.subscriptions.relay import DROP, Sink

pytestmark = [pytest.mark.fault, pytest.mark.django_db(transaction=True)]
PEOPLE = 1500
_started: list["subprocess.Popen[bytes]"] = []
MOMENT = (NOON + 2 * SECOND).isoformat()


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    yield
    while _started:
        process = _started.pop()
        process.kill()
        process.wait(10)


def database_url() -> str:
    """Return the test's own database as a URL, also when it is the embedded server's socket."""
    parts = connection.get_connection_params()
    host, user = quote(str(parts.get("host", "")), safe=""), parts.get("user", "postgres")
    password = f":{quote(parts['password'])}" if parts.get("password") else ""
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"postgres://{user}{password}@{host}{port}/{parts['dbname']}"


def start(relay: Sink, log: Path, *command: str) -> "subprocess.Popen[bytes]":
    """Start a command of the site as a process of its own on this test's database and relay."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "EMAIL_URL": f"smtp://127.0.0.1:{relay.port}",
        "PYTHONUNBUFFERED": "1",
    }
    words = [sys.executable, str(settings.BASE_DIR / "manage.py"), *command]
    with log.open("ab") as output:
        process = subprocess.Popen(words, env=environment, stdout=output, stderr=output)
    _started.append(process)
    return process


def start_sender(relay: Sink, log: Path) -> "subprocess.Popen[bytes]":
    return start(relay, log, "send_digest", "--now", MOMENT)


def wait_for(relay: Sink, count: int, sender: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while len(relay.accepted) < count and sender.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def accounting() -> Any:
    return Issue.objects.with_accounting().get(kind="daily")


def assert_ledger_holds(relay: Sink, kills: int) -> None:
    issue, copies = accounting(), Counter(relay.recipients)
    assert max(copies.values()) == 1
    assert issue.still_open == 0
    assert issue.state == Issue.State.DONE
    assert issue.sent_count + issue.unknown_count == issue.audience == PEOPLE
    assert issue.unknown_count <= kills
    sent = Delivery.objects.filter(state="sent").values_list("subscriber__email", flat=True)
    assert set(sent) <= set(copies)


def test_killed_sender_is_resumed_by_another_without_a_duplicate(relay: Sink, tmp_path: Path):
    open_issue(people=PEOPLE)
    kills = 4
    for number in range(kills):
        sender = start_sender(relay, tmp_path / "log")
        wait_for(relay, (number + 1) * 250, sender)
        sender.send_signal(signal.SIGKILL)
        sender.wait(10)
    assert 0 < len(relay.accepted) < PEOPLE
    last = start_sender(relay, tmp_path / "log")
    assert last.wait(60) == 0, (tmp_path / "log").read_text()
    assert_ledger_holds(relay, kills)


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
