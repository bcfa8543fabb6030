from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from subscriptions import digest, noon, upcoming
from subscriptions.models import Issue, Kind
from tests.subscriptions.factories import DAY, HOUR, NOON, SECOND, make_due_post, make_subscriber

TWELVE_YEARS = [date(2024, 1, 1) + timedelta(days=number) for number in range(4383)]
CLOCK_CHANGES = [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31)]
# Where clocks do odd things: by half an hour, by two, twice around Ramadan, at midnight, once for
# good in 2024 (Almaty), behind UTC and 13:45 ahead of it.
ZONES = ["Europe/London", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca",
         "Africa/Cairo", "Asia/Almaty", "America/Nuuk", "Pacific/Chatham"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_every_date_of_twelve_years_has_one_noon_at_twelve_on_the_wall(settings: Any, zone: str):
    settings.ZONE = ZoneInfo(zone)
    moments = [noon.of(day) for day in TWELVE_YEARS]
    local = [moment.astimezone(settings.ZONE) for moment in moments]
    assert [(one.date(), one.hour, one.minute) for one in local] == [
        (day, 12, 0) for day in TWELVE_YEARS
    ]
    assert moments == sorted(set(moments))


@pytest.mark.slow
@pytest.mark.parametrize("clock", [time(12), time(1, 30), time(2, 30), time(0), time(23, 30)])
@pytest.mark.parametrize("zone", ["Europe/London", "Antarctica/Troll", "Africa/Cairo"])
def test_a_clock_that_rings_for_twelve_years_opens_one_issue_for_every_date(
    settings: Any, zone: str, clock: time
):
    """Ring just before, at and after each noon, also one that is skipped or comes twice."""
    settings.ZONE, settings.DIGEST_TIME = ZoneInfo(zone), clock
    settings.DIGEST_LATEST = time(23, 59)
    opened: dict[date, datetime] = {}
    for day in TWELVE_YEARS:
        for moment in (noon.of(day) - SECOND, noon.of(day), noon.of(day) + HOUR / 4):
            found = noon.passed(Kind.DAILY, moment)
            assert found is not None
            if found.local_date not in opened and not found.is_late:
                opened[found.local_date] = moment
    assert list(opened) == TWELVE_YEARS
    assert list(opened.values()) == [noon.of(day) for day in TWELVE_YEARS]


@pytest.mark.slow
def test_exactly_one_weekly_noon_in_every_week_of_twelve_years():
    seen = [noon.passed(Kind.WEEKLY, noon.of(day)) for day in TWELVE_YEARS]
    dates = {moment.local_date for moment in seen if moment and not moment.is_late}
    weeks = {day.isocalendar()[:2] for day in dates}
    # Of the first day, a Monday, the week before is over; the last day is a Monday as well.
    assert len(dates) == len(weeks) == 626
    assert {day.isoweekday() for day in dates} == {noon.FRIDAY}


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
