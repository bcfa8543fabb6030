"""What it costs to watch an issue of 100,000 being sent, and to draw a list's growth."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from subscriptions import growth
from subscriptions.accounting import account_of
from subscriptions.models import Issue
from tests.subscriptions.factories import NOON, SECOND, open_issue

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
SIZES = (10_000, 100_000)
POLLED_EVERY = 2.0  # seconds, by one page that is open
MANY = """
WITH people AS (
    INSERT INTO subscriptions_subscriber (email, state, frequency, epoch, confirm_digest,
        confirm_mail_count, created_at)
    SELECT 'b' || n || '@example.org', 'active', 'daily', 0, '', 0, %(now)s
    FROM generate_series(1, %(size)s) n RETURNING id
), told AS (
    INSERT INTO subscriptions_consentevent (subscriber_id, from_state, to_state, actor, method,
        wording, page, source, at)
    SELECT id, 'pending', 'active', 'subscriber', 'm', 'w', '', '',
        %(now)s - (id %% 360) * interval '1 day' FROM people
)
INSERT INTO subscriptions_delivery (issue_id, subscriber_id, edition_id, state, attempt, next_at,
    smtp_reply, at)
SELECT %(issue)s, id, %(edition)s, 'pending', 0, %(now)s, '', %(now)s FROM people
"""
# As a sender leaves it: half of it changed twice, in another order than it was written.
HALF = """
UPDATE subscriptions_delivery SET state = 'claimed', worker = 1, next_at = NULL WHERE id %% 2 = 0;
UPDATE subscriptions_delivery SET state = 'sent', worker = NULL, at = at + id %% 60 * interval '1 s'
WHERE id %% 2 = 0
"""


def grown_to(issue: Issue, size: int, before: int) -> None:
    values: dict[str, Any] = {
        "issue": issue.pk, "edition": issue.editions.get().pk, "now": NOON, "size": size - before,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(MANY.replace("'b' ||", f"'b{before}-' ||"), values)
        cursor.execute(HALF.replace("%%", "%"))
        cursor.execute("ANALYZE subscriptions_delivery, subscriptions_consentevent")


def milliseconds(work: Callable[[], Any]) -> float:
    """Return the best of five; the machine does other things beside."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best * 1000


def test_watching_an_issue_costs_a_small_share_of_a_core(
    capsys: pytest.CaptureFixture[str],
) -> None:
    issue, before, rows = open_issue(), 1, []
    for size in SIZES:
        grown_to(issue, size, before)
        before = size
        counting = milliseconds(lambda: account_of(issue, NOON + 30 * SECOND))
        drawing = milliseconds(lambda: growth.last_year(NOON))
        rows.append((size, counting, drawing))
        assert account_of(issue, NOON).audience == size
    with capsys.disabled():
        print("\n  people  counting  of a core while watched  drawing the growth")
        for size, counting, drawing in rows:
            share = counting / 1000 / POLLED_EVERY
            print(f"{size:8,} {counting:6.1f} ms {share:24.1%} {drawing:16.1f} ms")
    few, many = rows
    assert many[1] / few[1] <= 2 * SIZES[1] / SIZES[0]  # It grows with the audience, not faster.
    assert many[1] / 1000 / POLLED_EVERY <= 0.1
