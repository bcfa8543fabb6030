from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from posts.models import Post
from subscriptions import digest
from subscriptions.models import Delivery, DeliveryItem, Issue, IssuePost, Kind, Subscriber
from tests.factories import make_tag
from tests.subscriptions.factories import (
    DAY,
    HOUR,
    NOON,
    SECOND,
    make_due_post,
    make_subscriber,
    open_issue,
)

pytestmark = pytest.mark.django_db
State = Issue.State


def posts_of(subscriber: Subscriber) -> list[str]:
    """Return the titles frozen for a person, the newest first."""
    items = DeliveryItem.objects.filter(subscriber=subscriber).order_by("-post__published_at")
    return [item.post.title for item in items.select_related("post")]


def test_ringing_before_noon_opens_nothing_for_today():
    make_due_post()
    digest.ring(NOON - SECOND)
    assert not Issue.objects.filter(local_date=NOON.date(), kind=Kind.DAILY).exists()


def test_ringing_again_changes_nothing():
    make_subscriber()
    make_due_post()
    first = digest.ring(NOON + SECOND)
    before = [list(model.objects.values()) for model in (Issue, Delivery, DeliveryItem, IssuePost)]
    again = [digest.ring(NOON + minutes) for minutes in (2 * SECOND, timedelta(minutes=1), HOUR)]
    assert first
    assert again == [[], [], []]
    after = [list(model.objects.values()) for model in (Issue, Delivery, DeliveryItem, IssuePost)]
    assert before == after


@pytest.mark.parametrize(
    ("moment", "noon"),
    [(timedelta(milliseconds=-100), 0), (timedelta(milliseconds=100), 1)],
    ids=["11:59:59.9 goes today", "12:00:00.1 goes tomorrow"],
)
def test_cutoff_is_noon_itself(moment: timedelta, noon: int):
    post = make_due_post(published_at=NOON + moment)
    make_subscriber()
    issues = [digest.open_issue(NOON + SECOND), digest.open_issue(NOON + DAY + SECOND)]
    carried = [list(issue.posts.all()) for issue in issues if issue]
    assert carried[noon] == [post]
    assert carried[1 - noon] == []


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"status": Post.Status.DRAFT}, "a draft"),
        ({"status": Post.Status.WITHDRAWN}, "unpublished before the freeze"),
        ({"is_mailed": False}, "marked never to be mailed"),
        ({"imported_at": NOON}, "imported from elsewhere"),
        ({"published_at": NOON - 8 * DAY}, "older than a week"),
        ({"published_at": NOON + HOUR}, "scheduled for later"),
    ],
)
def test_post_stays_out(values: dict[str, Any], reason: str):
    make_subscriber()
    make_due_post(**values)
    issue = digest.open_issue(NOON + SECOND)
    assert issue is not None
    assert issue.state == State.EMPTY
    assert not issue.posts.exists()


def test_nothing_new_is_an_empty_issue_and_no_mail():
    make_subscriber()
    issue = digest.open_issue(NOON + SECOND)
    assert issue is not None
    assert issue.state == State.EMPTY
    assert not Delivery.objects.exists()


def test_worker_back_at_half_past_twelve_sends_today():
    make_subscriber()
    make_due_post()
    issue = digest.open_issue(NOON + timedelta(minutes=40))
    assert issue is not None
    assert issue.state == State.SENDING
    assert issue.local_date == NOON.date()


def test_worker_back_at_nine_in_the_evening_sends_tomorrow():
    make_subscriber()
    post = make_due_post()
    late = digest.open_issue(NOON + 9 * HOUR)
    assert late is not None
    assert late.state == State.SKIPPED_LATE
    assert digest.open_issue(NOON + 10 * HOUR) is None
    tomorrow = digest.open_issue(NOON + DAY + SECOND)
    assert tomorrow is not None
    assert list(tomorrow.posts.all()) == [post]


def test_late_evening_with_nothing_to_skip_is_an_empty_issue():
    late = digest.open_issue(NOON + 9 * HOUR)
    assert late is not None
    assert late.state == State.EMPTY


def test_four_days_away_means_one_mail_with_all_posts():
    reader = make_subscriber()
    for days in range(4):
        make_due_post(title=f"Day {days}", noon=NOON + days * DAY)
    digest.ring(NOON + 3 * DAY + SECOND)
    assert Delivery.objects.get().subscriber == reader
    assert posts_of(reader) == ["Day 3", "Day 2", "Day 1", "Day 0"]


@pytest.mark.parametrize("state", [state for state in Subscriber.State if state != "active"])
def test_only_active_people_are_in_the_audience(state: str):
    values: dict[str, Any] = {"paused_until": NOON + DAY} if state == "paused" else {}
    values |= {"email": ""} if state == "erased" else {}
    make_subscriber(state=state, **values)
    make_due_post()
    issue = digest.open_issue(NOON + SECOND)
    assert issue is not None
    assert not issue.deliveries.exists()


def test_people_with_the_same_posts_share_one_rendering():
    probation, prisons = make_tag(), make_tag()
    make_due_post(title="Probation", tags=(probation,))
    make_due_post(title="Prisons", tags=(prisons,))
    everything = [make_subscriber() for _ in range(3)]
    narrow = [make_subscriber(topics=(prisons,)) for _ in range(2)]
    make_subscriber(topics=(make_tag(),))
    issue = digest.open_issue(NOON + SECOND)
    assert issue is not None
    assert issue.editions.count() == 2
    assert issue.deliveries.count() == 5
    assert len(posts_of(everything[0])) == 2
    assert posts_of(narrow[0]) == ["Prisons"]


def test_post_with_two_wanted_tags_is_there_once():
    tags = (make_tag(), make_tag())
    reader = make_subscriber(topics=tags)
    make_due_post(title="Both", tags=tags)
    digest.open_issue(NOON + SECOND)
    assert posts_of(reader) == ["Both"]


def test_instant_reader_gets_each_post_as_an_issue_of_its_own():
    reader = make_subscriber(frequency=Kind.INSTANT)
    for title in ("One", "Two"):
        make_due_post(title=title, before=2 * HOUR)
    digest.ring(NOON - HOUR)
    digest.ring(NOON - HOUR)
    assert sorted(posts_of(reader)) == ["One", "Two"]
    assert Delivery.objects.filter(issue__kind=Kind.INSTANT).count() == 2


def test_weekly_reader_gets_the_weeks_posts_on_friday():
    reader = make_subscriber(frequency=Kind.WEEKLY)
    for days in (-4, -1, 1):
        make_due_post(title=f"Day {days}", noon=NOON + days * DAY)
    for days in range(4):
        digest.ring(NOON + days * DAY + SECOND)
    assert posts_of(reader) == ["Day 1", "Day -1", "Day -4"]
    assert Delivery.objects.get().issue.local_date == (NOON + 2 * DAY).date()


def test_change_to_weekly_brings_no_post_twice():
    reader = make_subscriber()
    make_due_post(title="Had it")
    digest.ring(NOON + SECOND)
    Delivery.objects.update(state=Delivery.State.SENT, next_at=None)
    reader.choose(frequency=Kind.WEEKLY, at=NOON + HOUR)
    make_due_post(title="New", noon=NOON + DAY)
    digest.ring(NOON + 2 * DAY + SECOND)
    assert posts_of(reader) == ["New", "Had it"]


def test_change_to_daily_leaves_no_post_out():
    reader = make_subscriber(frequency=Kind.WEEKLY)
    make_due_post(title="Went to daily readers")
    digest.ring(NOON + SECOND)
    reader.choose(frequency=Kind.DAILY, at=NOON + HOUR)
    make_due_post(title="New", noon=NOON + DAY)
    digest.ring(NOON + DAY + SECOND)
    assert sorted(posts_of(reader)) == ["New", "Went to daily readers"]
    assert not DeliveryItem.objects.filter(repeat=True).exists()


def test_newcomer_gets_no_posts_of_earlier_issues():
    open_issue()
    newcomer = make_subscriber(active_since=NOON + HOUR)
    make_due_post(title="New", noon=NOON + DAY)
    digest.ring(NOON + DAY + SECOND)
    assert posts_of(newcomer) == ["New"]


@pytest.mark.parametrize("state", [Delivery.State.UNKNOWN, Delivery.State.EXPIRED])
def test_failed_delivery_is_repaired_by_the_next_issue(state: str):
    issue = open_issue(title="Missed")
    issue.deliveries.update(state=state, next_at=None, at=NOON + HOUR)
    make_due_post(title="New", noon=NOON + DAY)
    digest.ring(NOON + DAY + SECOND)
    repaired = Delivery.objects.get(issue__local_date=(NOON + DAY).date())
    assert [item.repeat for item in repaired.items.order_by("repeat")] == [False, True]
    assert "In case you missed it" in repaired.edition.html
    assert repaired.edition.text.index("New") < repaired.edition.text.index("IN CASE YOU MISSED IT")


def test_repair_goes_out_though_nothing_is_new_and_only_once():
    issue = open_issue(title="Missed")
    issue.deliveries.update(state=Delivery.State.UNKNOWN, next_at=None, at=NOON + HOUR)
    digest.ring(NOON + DAY + SECOND)
    repaired = Delivery.objects.exclude(issue=issue).get()
    assert repaired.edition.subject == "In case you missed it: Missed"
    Delivery.objects.filter(pk=repaired.pk).update(state=Delivery.State.SENT, next_at=None)
    digest.ring(NOON + 2 * DAY + SECOND)
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize("reply", ["550 5.7.1 listed", "530 log in first"])
def test_refusal_on_our_account_is_repaired_by_the_next_issue(reply: str):
    issue = open_issue(title="Missed")
    issue.deliveries.update(state="rejected", next_at=None, at=NOON + HOUR, smtp_reply=reply)
    digest.ring(NOON + DAY + SECOND)
    repaired = Delivery.objects.exclude(issue=issue).get()
    assert repaired.edition.subject == "In case you missed it: Missed"


@pytest.mark.parametrize("state", [Delivery.State.SENT, Delivery.State.REJECTED])
def test_settled_delivery_is_not_repeated(state: str):
    issue = open_issue()
    issue.deliveries.update(state=state, next_at=None, at=NOON + HOUR)
    digest.ring(NOON + DAY + SECOND)
    assert Delivery.objects.count() == 1


def test_pause_that_is_over_ends_with_the_ring():
    reader = make_subscriber(state=Subscriber.State.PAUSED, paused_until=NOON)
    make_due_post()
    digest.ring(NOON + SECOND)
    digest.ring(NOON + 2 * SECOND)
    reader.refresh_from_db()
    assert reader.is_active()
    assert reader.events.count() == 1
    assert Delivery.objects.get().subscriber == reader


def test_freeze_costs_the_same_queries_for_any_audience(django_assert_num_queries: Any):
    open_issue(people=2)
    for _ in range(20):
        make_subscriber()
    make_due_post(noon=NOON + DAY)
    with CaptureQueriesContext(connection) as few:
        digest.open_issue(NOON + DAY + SECOND)
    for _ in range(40):
        make_subscriber()
    make_due_post(noon=NOON + 2 * DAY)
    with django_assert_num_queries(len(few)):
        digest.open_issue(NOON + 2 * DAY + SECOND)
