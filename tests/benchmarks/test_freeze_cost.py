"""What freezing an issue costs as the audience grows: `pytest -m benchmark -s`."""

import os
import time

import pytest
from django.db import connection

from subscriptions import digest
from subscriptions.models import Delivery, Issue, Subscriber
from tests.subscriptions.factories import NOON, SECOND, make_due_post, make_subscribers

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]
PEOPLE = int(os.environ.get("BENCHMARK_PEOPLE", "100000"))
POSTS = 3
MOST_SECONDS = 5.0  # for 100,000


def freeze(people: int) -> float:
    """Return the seconds that freezing a noon with so many people takes."""
    Issue.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE subscriptions_deliveryitem, subscriptions_delivery CASCADE")
    make_subscribers(people - Subscriber.objects.count())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE subscriptions_subscriber")
    started = time.perf_counter()
    assert digest.open_issue(NOON + SECOND)
    seconds = time.perf_counter() - started
    assert Delivery.objects.count() == people
    return seconds


def test_freeze_is_done_in_seconds(capsys: pytest.CaptureFixture[str]):
    for _ in range(POSTS):
        make_due_post()
    taken = {people: freeze(people) for people in (PEOPLE // 10, PEOPLE // 2, PEOPLE)}
    with capsys.disabled():
        for people, seconds in taken.items():
            print(f"\n{people:>8,} people: {seconds:.2f} s, "
                  f"{seconds / people * 10_000:.3f} s per 10,000", end="")  # fmt: skip
        print()
    assert taken[PEOPLE] <= MOST_SECONDS * max(1.0, PEOPLE / 100_000)
