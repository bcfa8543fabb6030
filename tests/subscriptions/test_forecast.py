"""The noon line against the bell itself: what it foresaw is what the digest did."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from posts.models import Post
from subscriptions import digest, forecast, noon
from subscriptions.models import Delivery, Issue, IssuePost, Kind
from tests.factories import make_post
from tests.subscriptions.factories import DAY, HOUR, NOON, SECOND, make_due_post, make_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
MINUTE = timedelta(minutes=1)
SPRING = noon.of(datetime(2026, 3, 29, tzinfo=UTC).date())  # The clocks go forward that night.
DRAFT = {"status": "draft", "published_at": None}
# What the post is, when somebody looks at it (against noon), and what the line says then.
CASES: list[tuple[str, dict[str, Any], timedelta, str]] = [
    ("a draft before noon", DRAFT, -23 * MINUTE,
     "Published now, it goes out in today's 12:00 e-mail, 23 min left."),
    ("a draft in the morning", DRAFT, -2 * HOUR - 5 * MINUTE,
     "Published now, it goes out in today's 12:00 e-mail, 2 h 5 min left."),
    ("a draft in the last minute", DRAFT, -SECOND,
     "Published now, it goes out in today's 12:00 e-mail, less than a minute left."),
    ("a draft at noon itself", DRAFT, timedelta(0),
     "Published now, it goes out in tomorrow's 12:00 e-mail."),
    ("a draft after noon", DRAFT, HOUR, "Published now, it goes out in tomorrow's 12:00 e-mail."),
    ("a draft at night", DRAFT, 10 * HOUR,
     "Published now, it goes out in tomorrow's 12:00 e-mail."),
    ("a draft with a time", DRAFT | {"published_at": NOON + 5 * DAY}, HOUR,
     "Published at its time, it goes out in the 12:00 e-mail of Tuesday 10 March."),
    ("a draft with a time past", DRAFT | {"published_at": NOON - 2 * DAY}, -HOUR,
     "Published now, it goes out in today's 12:00 e-mail, 1 h 0 min left."),
    ("an embargoed draft", DRAFT | {"not_before": NOON + DAY - SECOND}, HOUR,
     "Published when its embargo ends, it goes out in tomorrow's 12:00 e-mail."),
    ("an embargo until noon", DRAFT | {"not_before": NOON + DAY}, HOUR,
     "Published when its embargo ends, it goes out in the 12:00 e-mail of Friday 6 March."),
    ("a public post", {"published_at": NOON - HOUR}, -23 * MINUTE,
     "Goes out in today's 12:00 e-mail, 23 min left."),
    ("a public post, the bell late", {"published_at": NOON - HOUR}, 40 * MINUTE,
     "Goes out in today's 12:00 e-mail, any moment."),
    ("a public post, the bell too late", {"published_at": NOON - HOUR}, 9 * HOUR,
     "Goes out in tomorrow's 12:00 e-mail."),
    ("a scheduled post", {"published_at": NOON + 2 * DAY - SECOND}, HOUR,
     "Goes out in the 12:00 e-mail of Friday 6 March."),
    ("scheduled for a noon", {"published_at": NOON + 2 * DAY}, HOUR,
     "Goes out in the 12:00 e-mail of Saturday 7 March."),
    ("a withdrawn post", {"status": "withdrawn", "published_at": NOON - 2 * HOUR}, HOUR,
     "Published again now, it goes out in today's 12:00 e-mail, any moment."),
    ("an excluded post", {"is_mailed": False, "published_at": NOON - HOUR}, -HOUR,
     "Not mailed: “send in the noon e-mail” is off."),
    ("an imported post", {"imported_at": NOON, "published_at": NOON - HOUR}, -HOUR,
     "Not mailed: it was imported."),
    ("an old post", {"published_at": NOON - 8 * DAY}, -HOUR,
     "Not mailed: it is older than 7 days."),
    ("a draft dated long ago", DRAFT | {"published_at": NOON - 300 * DAY}, -HOUR,
     "Not mailed: it is older than 7 days."),
    ("as old as may be", {"published_at": NOON - 7 * DAY}, -HOUR,
     "Goes out in today's 12:00 e-mail, 1 h 0 min left."),
    ("a second too old", {"published_at": NOON - 7 * DAY - SECOND}, -HOUR,
     "Not mailed: it is older than 7 days."),
]  # fmt: skip


def ring_for_ten_days(since: datetime) -> None:
    """Ring the bell at once, and for the daily issue after each noon, as the clock does."""
    digest.ring(since + SECOND)
    for day in range(-1, 10):
        moment = NOON + day * DAY + SECOND
        if moment > since:
            digest.open_issue(moment)


@pytest.mark.parametrize(("values", "ahead", "words"), [case[1:] for case in CASES],
                         ids=[case[0] for case in CASES])  # fmt: skip
def test_the_line_foresees_what_the_bell_does(values, ahead, words):
    make_subscriber()
    post, now = make_post(**values), NOON + ahead
    foreseen = forecast.foresee(post, now)
    assert forecast.line(post, now) == words
    if post.status != Post.Status.PUBLISHED:
        post.publish(at=post.goes_out_at(now))
    ring_for_ten_days(now)
    rows = IssuePost.objects.filter(kind=Kind.DAILY, post=post)
    days = list(rows.values_list("issue__local_date", flat=True))
    assert days == ([foreseen.local_date] if foreseen.local_date else [])
    assert Delivery.objects.filter(issue__kind=Kind.DAILY).count() == len(days)


@pytest.mark.parametrize("hours", range(-30, 31, 3))
def test_around_a_clock_change_the_line_and_the_bell_agree(hours: int):
    make_subscriber()
    now = SPRING + timedelta(hours=hours, minutes=30)
    post = make_post(status="draft", published_at=None)
    foreseen = forecast.foresee(post, now)
    post.publish(at=now)
    for day in range(-2, 4):
        moment = noon.of(SPRING.date() + day * DAY) + SECOND
        if moment > now:
            digest.open_issue(moment)
    carried = IssuePost.objects.filter(kind=Kind.DAILY).values_list("issue__local_date", flat=True)
    assert list(carried) == [foreseen.local_date]


def test_an_issue_that_is_frozen_already_takes_no_more_posts():
    make_subscriber()
    digest.ring(NOON + SECOND)
    post = make_post(published_at=NOON - HOUR)
    assert "tomorrow's" in forecast.line(post, NOON + HOUR)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Issue.State.SENDING, "Is being sent in the e-mail of 4 March: this edit is not mailed"),
        (Issue.State.PAUSED, "Is in the e-mail of 4 March, which is paused: this edit is not"),
        (Issue.State.DONE, "Was sent on 4 March: this edit is not mailed again."),
    ],
)
def test_what_was_mailed_is_not_mailed_again(state: str, words: str):
    make_subscriber()
    post = make_due_post()
    digest.ring(NOON + SECOND)
    Issue.objects.update(state=state)
    assert words in forecast.line(post, NOON + HOUR)


def test_a_mail_nobody_was_there_to_get_is_not_said_to_be_sent():
    post = make_due_post()
    digest.ring(NOON + SECOND)
    assert "when nobody was subscribed" in forecast.line(post, NOON + HOUR)


def test_a_date_of_another_year_bears_it():
    make_subscriber()
    post = make_due_post()
    digest.ring(NOON + SECOND)
    Issue.objects.update(state=Issue.State.DONE)
    assert "on 4 March 2026" in forecast.line(post, NOON + 400 * DAY)


def test_the_line_keeps_to_the_sites_time_of_the_digest(settings):
    settings.DIGEST_TIME = time(7, 30)
    post = make_post(status="draft", published_at=None)
    now = noon.of(NOON.date()) - 23 * MINUTE
    assert "today's 07:30 e-mail, 23 min left" in forecast.line(post, now)


def test_the_line_costs_one_query(django_assert_num_queries):
    post = make_due_post()
    with django_assert_num_queries(1):
        forecast.line(post, NOON - HOUR)
