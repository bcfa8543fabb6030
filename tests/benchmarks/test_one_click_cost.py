"""What unsubscribing costs while an issue goes out, on the real server."""

import http.client
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subscriptions import tokens
from subscriptions.models import Issue, Subscriber
from tests.benchmarks.test_flood_cost import port
from tests.subscriptions.factories import make_subscribers, open_issue
from tests.subscriptions.processes import end_all, start_sender, wait_for
from tests.subscriptions.sink import Quick, listening

__all__ = ["port"]  # the real server, as a fixture
pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]
PEOPLE = int(os.environ.get("BENCHMARK_PEOPLE", "20000"))
CLICKS = int(os.environ.get("BENCHMARK_CLICKS", "300"))
MOST = 10.0  # times an idle site's p99; the sender has the same two cores
BODY = b"List-Unsubscribe=One-Click"


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    yield
    end_all()


def clicks(number: int, issue: Issue, people: list[int]) -> list[float]:
    """Return how long each person's one click took, in seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", number, timeout=30)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    taken = []
    for person in people:
        started = time.perf_counter()
        connection.request("POST", f"/u/{tokens.leave(person, issue.pk)}/", BODY, headers)
        answer = connection.getresponse()
        answer.read()
        taken.append(time.perf_counter() - started)
        assert answer.status == 200
        time.sleep(0.005)
    connection.close()
    return taken


def p99(taken: list[float]) -> float:
    return statistics.quantiles(taken, n=100)[98]


def test_one_click_stays_quick_while_an_issue_goes_out(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    make_subscribers(CLICKS + 50)  # They never get anything: they leave while nothing is sent.
    idle_people = list(Subscriber.objects.values_list("pk", flat=True))
    Subscriber.objects.update(frequency="weekly")
    issue = open_issue(people=PEOPLE)
    clicks(port, issue, idle_people[:50])
    idle = clicks(port, issue, idle_people[50:])
    people = Subscriber.objects.filter(frequency="daily").order_by("-pk")
    busy_people = list(people.values_list("pk", flat=True)[:CLICKS])
    with listening(Quick()) as sink:
        sender = start_sender(sink, tmp_path / "log", connections=2)
        wait_for(sink, 10, sender)
        busy = clicks(port, issue, busy_people)
        was_sending = sender.poll() is None
    ratio = p99(busy) / p99(idle)
    with capsys.disabled():
        print(
            f"\none click: p99 {1000 * p99(idle):.1f} ms idle, {1000 * p99(busy):.1f} ms while "
            f"sending (median {1000 * statistics.median(busy):.1f}): ratio {ratio:.1f}"
        )
    assert was_sending, "The sender was through first: more BENCHMARK_PEOPLE."
    assert ratio <= MOST
