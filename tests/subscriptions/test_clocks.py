"""Clocks that jump, workers that were away, schedulers that race: one issue for a date."""

import os
import subprocess
import sys
import threading
import time as stopwatch
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from subscriptions import digest
from subscriptions.issues import freezing
from subscriptions.models import Delivery, DeliveryItem, Issue, Kind, Plan, Subscriber
from subscriptions.plans import Arrangement, PlanClosed
from tests.factories import make_post
from tests.subscriptions.factories import (
    DAY,
    HOUR,
    NOON,
    SECOND,
    make_due_post,
    make_subscriber,
    make_subscribers,
    open_issue,
)
from tests.subscriptions.processes import database_url
from tests.subscriptions.relay import Sink
from tests.subscriptions.test_races import together

MINUTE = timedelta(minutes=1)
AWAY = 40 * MINUTE


def daily() -> list[Issue]:
    return list(Issue.objects.filter(kind=Kind.DAILY).order_by("local_date"))


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize(
    "jumps",
    [
        [0, -60, 0, 1],  # Minutes from noon: back an hour after the bell, and through noon again.
        [0, 24 * 60, 0, 24 * 60],  # A day ahead by mistake, and back.
        [1, -24 * 60, 1],
        [0, -10, -1, 0, 0, 5],
    ],
)
def test_a_clock_that_is_set_back_or_ahead_never_makes_two_issues_of_a_date(jumps: list[int]):
    reader = make_subscriber()
    posts = [make_due_post(noon=NOON + days * DAY) for days in range(4)]
    for minutes in jumps:
        digest.ring(NOON + minutes * MINUTE + SECOND)
    for days in range(1, 5):
        digest.ring(NOON + days * DAY + SECOND)
    dates = [issue.local_date for issue in daily()]
    assert len(dates) == len(set(dates))
    items = DeliveryItem.objects.filter(subscriber=reader).values_list("post", flat=True)
    assert sorted(items) == [post.pk for post in posts]


@pytest.mark.django_db
def test_unpublished_just_before_the_freeze_is_not_mailed():
    make_subscriber()
    stays, goes = make_due_post(), make_due_post()
    goes.withdraw()
    digest.open_issue(NOON + SECOND)
    assert list(daily()[0].posts.all()) == [stays]
    assert goes.title not in daily()[0].editions.get().html


@pytest.mark.slow
@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Kind.DAILY, Kind.WEEKLY, Kind.INSTANT])
def test_each_kind_repairs_what_it_failed_to_send_once(kind: str):
    make_subscriber(frequency=kind)
    friday = NOON + 2 * DAY
    make_due_post(noon=friday, title="Missed")
    digest.ring(friday + SECOND)
    failed = Delivery.objects.filter(issue__kind=kind)
    assert failed.update(state="unknown", next_at=None, at=friday + SECOND) == 1
    for weeks in (1, 2):
        moment = friday + weeks * 7 * DAY
        make_due_post(noon=moment, title=f"Week {weeks}")
        digest.ring(moment + SECOND)
        Delivery.objects.filter(state="pending").update(state="sent", next_at=None)
    assert DeliveryItem.objects.filter(repeat=True).count() == 1
    repaired = Delivery.objects.get(items__repeat=True)
    assert "In case you missed it" in repaired.edition.html
    assert "IN CASE YOU MISSED IT" in repaired.edition.text


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_schedulers_racing_over_all_three_kinds_open_one_issue_of_each():
    friday = NOON + 2 * DAY
    for kind in Kind:
        make_subscriber(frequency=kind)
    make_due_post(noon=friday)
    rung = together(8, lambda _: digest.ring(friday + SECOND))
    opened = Counter(issue.kind for issues in rung for issue in issues)
    assert opened == {"daily": 1, "weekly": 1, "instant": 1}
    assert Delivery.objects.count() == 3


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_editor_and_the_bell_at_once_either_it_is_in_or_it_is_refused():
    make_subscriber()
    make_due_post()
    wanted = Arrangement("In time.")

    def act(number: int) -> str:
        if number % 2:
            digest.open_issue(NOON + SECOND)
            return ""
        try:
            Plan.arrange(("daily", NOON.date()), wanted, by=None, at=NOON, seen="")
        except PlanClosed:
            return "refused"
        return "saved"

    said = together(2, act)[0]
    assert {"saved": "In time.", "refused": ""}[said] == daily()[0].introduction


def at_noon_somewhere() -> str:
    """Return a zone in which it is now between 12:45 and 13:45, so that noon was a while ago."""
    now = datetime.now(UTC)
    ahead = round(13.25 - (now.hour + now.minute / 60))
    ahead = ahead + 24 if ahead < -11 else ahead
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


def run(relay: Sink, log: Path, *command: str, **environment: str) -> "subprocess.Popen[bytes]":
    """Start a command of the site on this test's database and relay."""
    given = {
        "DATABASE_URL": database_url(), "EMAIL_URL": f"smtp://127.0.0.1:{relay.port}",
        "PYTHONUNBUFFERED": "1", **environment,
    }  # fmt: skip
    words = [sys.executable, str(settings.BASE_DIR / "manage.py"), *command]
    with log.open("ab") as output:
        return subprocess.Popen(words, env=os.environ | given, stdout=output, stderr=output)


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_worker_that_was_down_over_noon_sends_one_copy_within_a_minute_of_its_return(
    relay: Sink, tmp_path: Path
):
    """A real worker by the real clock: noon was forty minutes ago, in a zone where that fits."""
    make_subscribers(20)
    make_post(published_at=timezone.now() - 2 * AWAY)
    zone = at_noon_somewhere()
    noon = timezone.now().astimezone(timezone.get_fixed_timezone(0)) - AWAY
    offset = -int(zone.removeprefix("Etc/GMT") or 0)
    local = noon + timedelta(hours=offset)
    clock = {"TIME_ZONE": zone, "DIGEST_TIME": f"{local:%H:%M}", "DIGEST_LATEST": "20:00"}
    began = stopwatch.monotonic()
    worker = run(relay, tmp_path / "log", "work", **clock)
    try:
        while len(relay.accepted) < 20 and worker.poll() is None:
            assert stopwatch.monotonic() - began < 90, (tmp_path / "log").read_text()
            stopwatch.sleep(0.1)
        took = stopwatch.monotonic() - began
    finally:
        worker.terminate()
        worker.wait(20)
    assert took <= 60 + 15  # The minute, and the process's own start on a busy machine.
    assert max(Counter(relay.recipients).values()) == 1
    assert daily()[0].local_date == local.date()


@pytest.mark.fault
@pytest.mark.django_db(transaction=True)
def test_processes_that_ring_at_the_worst_times_send_one_mail_a_day(relay: Sink, tmp_path: Path):
    """Down 11:50 to 12:40; down until 21:00; down four days: what each reader gets."""
    make_subscribers(3)
    for days in range(7):
        make_due_post(noon=NOON + days * DAY)
    copies = []
    for moment in (
        NOON - 10 * MINUTE, NOON + 40 * MINUTE,  # The first day is late, and sent.
        NOON + DAY + 9 * HOUR,  # The second is skipped: too late for it.
        NOON + 2 * DAY + SECOND,  # The third carries its post as well.
        NOON + 6 * DAY + MINUTE, NOON + 6 * DAY + 2 * MINUTE,  # Four days later: one mail.
    ):  # fmt: skip
        process = run(relay, tmp_path / "log", "send_digest", "--now", moment.isoformat())
        assert process.wait(60) == 0, (tmp_path / "log").read_text()
        copies.append(len(relay.accepted) // 3)
    assert copies == [0, 1, 1, 2, 3, 3]
    assert [len(issue.posts.all()) for issue in daily() if issue.posts.all()] == [1, 2, 4]
    assert {issue.state for issue in daily()} <= {"done", "skipped_late", "empty"}
    assert max(Counter(relay.recipients).values()) == 3
    assert Subscriber.objects.count() == 3


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_sending_again_by_hand_waits_for_a_freeze_that_may_repair_the_same():
    issue = open_issue()
    issue.deliveries.update(state="unknown", next_at=None, at=NOON + SECOND)
    begun, over = threading.Event(), threading.Event()

    def act(number: int) -> str:
        if number == 0:
            with freezing():
                begun.set()
                over.wait(10)
            return "frozen"
        begun.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        try:
            issue.resend_uncertain(at=NOON + DAY)
        except OperationalError:
            return "waited"
        finally:
            over.set()
        return "did not wait"

    assert together(2, act) == ["frozen", "waited"]
    assert Delivery.objects.get().state == "unknown"
