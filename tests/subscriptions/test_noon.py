from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from subscriptions import digest, noon, upcoming
from subscriptions.models import Issue, Kind
from tests.subscriptions.factories import DAY, NOON, SECOND, make_due_post, make_subscriber

LONDON = ZoneInfo("Europe/London")
TWO_YEARS = [date(2026, 1, 1) + timedelta(days=number) for number in range(731)]
CLOCK_CHANGES = [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31)]


def test_noon_is_twelve_on_the_wall_on_every_date_of_two_years():
    for day in TWO_YEARS:
        local = noon.of(day).astimezone(LONDON)
        assert (local.date(), local.hour, local.minute) == (day, 12, 0)


def test_each_noon_passes_once_and_at_its_second_on_every_date_of_two_years():
    for day in TWO_YEARS:
        before = noon.passed(Kind.DAILY, noon.of(day) - SECOND)
        after = noon.passed(Kind.DAILY, noon.of(day))
        assert before is not None
        assert before.local_date == day - DAY
        assert before.is_late
        assert after is not None
        assert after.local_date == day
        assert not after.is_late


@pytest.mark.parametrize("day", CLOCK_CHANGES)
def test_day_of_a_clock_change_is_not_24_hours_long(day: date):
    length = noon.of(day) - noon.of(day - DAY)
    assert length == timedelta(hours=23 if day.month == 3 else 25)


@pytest.mark.django_db
@pytest.mark.parametrize("day", CLOCK_CHANGES)
def test_post_of_every_hour_around_a_clock_change_goes_out_once(day: date):
    make_subscriber()
    start = noon.of(day - 2 * DAY)
    posts = {make_due_post(published_at=start + timedelta(hours=hour, seconds=1)).pk
             for hour in range(72)}  # fmt: skip
    for number in range(6):
        digest.open_issue(noon.of(day + (number - 1) * DAY) + SECOND)
    issues = Issue.objects.filter(kind=Kind.DAILY)
    carried = [pk for issue in issues for pk in issue.posts.values_list("pk", flat=True)]
    assert sorted(carried) == sorted(posts)


def test_exactly_one_weekly_noon_in_every_week_of_two_years():
    seen = [noon.passed(Kind.WEEKLY, noon.of(day)) for day in TWO_YEARS]
    dates = {moment.local_date for moment in seen if moment and not moment.is_late}
    weeks = {day.isocalendar()[:2] for day in dates}
    assert len(dates) == len(weeks) == 105
    assert {day.isoweekday() for day in dates} == {noon.FRIDAY}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 6, 12, 0, tzinfo=UTC), ("2026-03-06", False)),  # Friday, noon
        (datetime(2026, 3, 6, 20, 0, tzinfo=UTC), None),  # Friday evening: wait for the morning
        (datetime(2026, 3, 7, 9, 0, tzinfo=UTC), None),  # Saturday, before noon
        (datetime(2026, 3, 7, 12, 0, tzinfo=UTC), ("2026-03-06", False)),  # Saturday, noon
        (datetime(2026, 3, 8, 19, 59, tzinfo=UTC), ("2026-03-06", False)),  # Sunday, last minute
        (datetime(2026, 3, 8, 20, 0, tzinfo=UTC), ("2026-03-06", True)),  # The week is over.
        (datetime(2026, 3, 13, 11, 59, tzinfo=UTC), ("2026-03-06", True)),  # Next Friday
    ],
)
def test_weekly_noon_waits_for_daytime_until_sunday(now: datetime, expected: Any):
    found = noon.passed(Kind.WEEKLY, now)
    assert (found and (str(found.local_date), found.is_late)) == expected


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (NOON - SECOND, "today at noon"),
        (NOON, "tomorrow at noon"),
        (datetime(2026, 7, 1, 11, 30, tzinfo=UTC), "tomorrow at noon"),  # 12:30 in summer
    ],
)
def test_first_daily_mail_is_told_in_words(now: datetime, words: str):
    assert noon.first_mail(Kind.DAILY, now) == words


def test_first_weekly_mail_is_told_in_words():
    assert noon.first_mail(Kind.WEEKLY, NOON) == "on Friday 6 March at noon"


def test_other_digest_time_is_told_by_the_clock(settings: Any):
    settings.DIGEST_TIME = datetime(2026, 1, 1, 7, 30, tzinfo=UTC).time()
    assert noon.first_mail(Kind.DAILY, NOON) == "tomorrow at 07:30"


@pytest.mark.django_db
def test_next_issue_tells_what_goes_out_when_and_to_how_many(django_assert_num_queries: Any):
    make_subscriber()
    make_subscriber(frequency=Kind.WEEKLY)
    make_due_post(title="For tomorrow", noon=NOON + DAY)
    make_due_post(title="Held back", noon=NOON + DAY, is_mailed=False)
    digest.open_issue(NOON + SECOND)
    with django_assert_num_queries(5):  # Issues, plan, what is held over, posts, audience.
        coming = upcoming.next_issue(Kind.DAILY, NOON + SECOND)
    assert [post.title for post in coming.posts] == ["For tomorrow"]
    assert (coming.local_date, coming.goes_at) == ((NOON + DAY).date(), NOON + DAY)
    assert (coming.audience, coming.subscribers) == (1, "1 subscriber")
