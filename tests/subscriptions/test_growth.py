"""The list's growth, week by week."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from subscriptions import growth
from subscriptions.models import ConsentEvent, Subscriber
from tests.factories import make_member
from tests.subscriptions.factories import DAY, NOON, make_subscriber

pytestmark = pytest.mark.django_db
WEEK = 7 * DAY


def note(subscriber: Subscriber, *moves: tuple[str, str, datetime]) -> None:
    ConsentEvent.objects.bulk_create(
        ConsentEvent(subscriber=subscriber, from_state=before, to_state=after, at=at)
        for before, after, at in moves
    )


def test_subscribing_and_leaving_are_counted_in_their_weeks():
    note(
        make_subscriber(),
        ("", "pending", NOON - 2 * WEEK),  # Not yet anything.
        ("pending", "active", NOON - 2 * WEEK),
        ("active", "paused", NOON - WEEK),  # A pause is neither.
        ("paused", "active", NOON - WEEK),
        ("active", "unsubscribed", NOON - WEEK),
        ("unsubscribed", "active", NOON),  # Coming back counts.
        ("active", "bounced", NOON),
        ("bounced", "erased", NOON),  # Had left before.
        ("pending", "unsubscribed", NOON),  # Was never there.
    )
    weeks = growth.last_year(NOON).weeks
    assert [(week.joined, week.left) for week in weeks[-3:]] == [(1, 0), (0, 1), (1, 1)]
    assert weeks[-1].monday == date(2026, 3, 2)
    assert len(weeks) == 52


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        (datetime(2026, 7, 5, 22, 59, tzinfo=UTC), date(2026, 6, 29)),  # Sunday 23:59 in London
        (datetime(2026, 7, 5, 23, 0, tzinfo=UTC), date(2026, 7, 6)),  # Monday 0:00 in London
    ],
)
def test_a_week_begins_on_monday_by_the_sites_clock(at: datetime, monday: date):
    note(make_subscriber(), ("pending", "active", at))
    joined = [week.monday for week in growth.last_year(at + DAY).weeks if week.joined]
    assert joined == [monday]


def test_what_is_older_than_a_year_is_left_out():
    note(make_subscriber(), ("pending", "active", NOON - 53 * WEEK))
    assert growth.last_year(NOON).joined == 0


def test_one_query_for_any_number_of_events(django_assert_num_queries: Any):
    reader = make_subscriber()
    for days in range(50):
        note(reader, ("pending", "active", NOON - timedelta(days=days)))
    with django_assert_num_queries(1):
        assert growth.last_year(NOON).joined == 50


@pytest.mark.slow
def test_the_picture_is_said_in_words_and_as_a_table(client: Client):
    note(make_subscriber(), ("pending", "active", datetime.now(UTC)))
    client.force_login(make_member("Editor"))
    html = client.get(reverse("admin:subscriptions_issue_changelist")).content.decode()
    chart = html[html.index('class="growth"') :]
    assert "1 subscribed and 0 left" in chart
    assert "<title" in chart
    assert "<desc" in chart
    assert chart.count('<tr><th scope="row">') == 52
    assert "style=" not in chart[: chart.index("</section>")]
