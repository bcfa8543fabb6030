"""What an editor arranged for an issue is what the freeze makes of it."""

from datetime import date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from posts.models import Post
from subscriptions import digest, forecast, upcoming
from subscriptions.models import Issue, Kind, Plan, PlanEntry
from subscriptions.plans import Arrangement, PlanChanged, PlanClosed, stamp
from tests.factories import make_tag
from tests.subscriptions.factories import DAY, HOUR, NOON, SECOND, make_due_post, make_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TODAY = NOON.date()


def arrange(
    *, on: date = TODAY, kind: str = Kind.DAILY, seen: str | None = None, at: datetime = NOON,
    introduction: str = "", order: tuple[Post, ...] = (), left_out: tuple[Post, ...] = (),
) -> Plan:  # fmt: skip
    wanted = Arrangement(introduction, tuple(post.pk for post in order),
                         frozenset(post.pk for post in left_out))  # fmt: skip
    known = stamp(Plan.objects.filter(kind=kind, local_date=on).first())
    return Plan.arrange((kind, on), wanted, by=None, at=at, seen=known if seen is None else seen)


def three_posts() -> list[Post]:
    """Return posts A, B and C, of which A is the newest."""
    return [
        make_due_post(title=title, before=hours * HOUR)
        for hours, title in enumerate("ABC", start=1)
    ]


def freeze(noon: datetime = NOON, kind: str = Kind.DAILY) -> Issue:
    issue = digest.open_issue(noon + SECOND, kind=kind)
    assert issue is not None
    return issue


def titles(issue: Issue) -> list[str]:
    rows = issue.issue_posts.order_by("position")
    return list(rows.values_list("post__title", flat=True))


def test_introduction_is_on_top_of_both_bodies_of_every_edition():
    make_subscriber()
    make_subscriber(topics=(tag := make_tag(),))
    make_due_post(tags=(tag,))
    make_due_post()
    arrange(introduction="A note on <method> first.")
    issue = freeze()
    assert issue.editions.count() == 2
    renderings: list[Any] = [issue, *issue.editions.all()]
    for one in renderings:
        assert one.text.index("A note on <method> first.") < one.text.index("Excerpt")
        assert one.html.index("A note on &lt;method&gt; first.") < one.html.rindex("Excerpt")


def test_order_is_that_of_the_plan_and_gives_the_subject():
    make_subscriber()
    a, b, c = three_posts()
    arrange(order=(c, a, b))
    issue = freeze()
    assert titles(issue) == ["C", "A", "B"]
    edition = issue.editions.get()
    assert edition.subject == "C, and 2 more"
    assert edition.fresh == [c.pk, a.pk, b.pk]


def test_what_is_published_after_the_arranging_comes_behind():
    a, b, c = three_posts()
    arrange(order=(c, a, b))
    make_due_post(title="Late", before=SECOND)
    make_due_post(title="Later", before=SECOND / 2)
    assert titles(freeze()) == ["C", "A", "B", "Later", "Late"]


def test_a_post_left_out_waits_for_the_next_noon_alone():
    reader = make_subscriber()
    arrange(left_out=(three_posts()[1],))
    assert titles(freeze()) == ["A", "C"]
    assert titles(freeze(NOON + DAY)) == ["B"]
    assert reader.deliveries.count() == 2
    assert titles(freeze(NOON + 2 * DAY)) == []


def test_a_post_left_out_day_after_day_is_not_lost_when_it_is_older_than_a_week():
    post = make_due_post()
    for days in range(10):
        arrange(on=TODAY + days * DAY, left_out=(post,))
        assert titles(freeze(NOON + days * DAY)) == []
    assert titles(freeze(NOON + 10 * DAY)) == [post.title]


def test_leaving_everything_out_is_an_empty_issue():
    make_subscriber()
    arrange(introduction="Nothing to say.", left_out=tuple(three_posts()))
    assert freeze().state == Issue.State.EMPTY


def test_a_plan_of_the_week_leaves_the_days_alone():
    post = make_due_post()
    friday = NOON + 2 * DAY
    arrange(on=friday.date(), kind=Kind.WEEKLY, left_out=(post,))
    assert titles(freeze()) == [post.title]
    assert titles(freeze(friday, Kind.WEEKLY)) == []
    assert titles(freeze(friday + 7 * DAY, Kind.WEEKLY)) == [post.title]


def test_what_waits_in_the_daily_mail_is_not_kept_from_instant_readers():
    make_subscriber(frequency=Kind.INSTANT)
    post = make_due_post()
    arrange(left_out=(post,))
    digest.ring(NOON + SECOND)
    assert Issue.objects.get(kind=Kind.INSTANT).deliveries.count() == 1


def test_a_plan_of_a_noon_that_was_skipped_is_not_tomorrows():
    post = make_due_post()
    arrange(introduction="For today.", left_out=(post,))
    assert freeze(NOON + 9 * HOUR).state == Issue.State.SKIPPED_LATE
    tomorrow = freeze(NOON + DAY)
    assert (titles(tomorrow), tomorrow.introduction) == ([post.title], "")


def test_after_the_freeze_a_plan_is_refused():
    freeze()
    with pytest.raises(PlanClosed):
        arrange(introduction="Too late.")
    assert not Plan.objects.exists()


def test_the_slower_of_two_editors_is_refused():
    arrange(introduction="First.", seen="")
    with pytest.raises(PlanChanged):
        arrange(introduction="Second.", seen="")
    arrange(introduction="Third.", at=NOON + SECOND)
    assert Plan.objects.get().introduction == "Third."


@pytest.mark.parametrize(
    "values", [{"position": None}, {"position": 1, "is_left_out": True}], ids=["neither", "both"]
)
def test_an_entry_has_a_place_or_waits(values: dict[str, Any]):
    plan, post = arrange(), make_due_post()
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanEntry.objects.create(plan=plan, post=post, **values)


def test_a_post_is_left_out_only_where_it_is_due():
    withdrawn = make_due_post(status=Post.Status.WITHDRAWN)
    arrange(left_out=(withdrawn,))
    freeze()
    assert titles(freeze(NOON + DAY)) == []


@pytest.mark.parametrize(
    ("left_out_on", "line"),
    [
        ([], "Goes out in today's 12:00 e-mail, 1 h 0 min left."),
        ([0], "Goes out in tomorrow's 12:00 e-mail. "
              "An editor left it out of today's 12:00 e-mail."),
        ([0, 1], "Goes out in the 12:00 e-mail of Friday 6 March. "
                 "An editor left it out of today's 12:00 e-mail."),
        ([1], "Goes out in today's 12:00 e-mail, 1 h 0 min left."),
    ],
)  # fmt: skip
def test_the_noon_line_knows_of_what_is_left_out(left_out_on: list[int], line: str):
    post = make_due_post(before=2 * HOUR)
    for days in left_out_on:
        arrange(on=TODAY + days * DAY, left_out=(post,))
    foreseen = forecast.foresee(post, NOON - HOUR)
    assert forecast.line(post, NOON - HOUR) == line
    carried = [freeze(NOON + days * DAY) for days in range(3)]
    assert [issue.local_date for issue in carried if titles(issue)] == [foreseen.local_date]


def test_the_noon_line_of_an_old_post_that_was_left_out_is_true():
    post = make_due_post(before=7 * DAY)
    arrange(left_out=(post,))
    foreseen = forecast.foresee(post, NOON - HOUR)
    freeze()
    assert foreseen.local_date == TODAY + DAY == freeze(NOON + DAY).local_date
    assert Issue.objects.get(local_date=TODAY + DAY).posts.get() == post


@pytest.mark.parametrize(
    ("now", "kind", "opened", "day"),
    [
        (NOON - SECOND, "daily", [], 4),
        (NOON + SECOND, "daily", [], 4),  # The bell has not rung yet.
        (NOON + SECOND, "daily", [4], 5),
        (NOON + 9 * HOUR, "daily", [], 5),
        (NOON, "weekly", [], 6),
        (NOON + 3 * DAY, "weekly", [], 6),  # Saturday: the week's mail is late, not lost.
        (NOON + 3 * DAY, "weekly", [6], 13),
        (NOON + 4 * DAY + 9 * HOUR, "weekly", [], 13),
    ],
)
def test_the_next_issue_is_the_first_that_is_not_frozen(
    now: datetime, kind: str, opened: list[int], day: int
):
    dates = {date(2026, 3, number) for number in opened}
    assert upcoming.next_date(kind, now, opened=dates) == date(2026, 3, day)


def test_next_issue_is_what_the_freeze_makes_of_it():
    tag = make_tag()
    make_subscriber()
    make_subscriber(topics=(tag,))
    make_subscriber(topics=(make_tag(),))
    make_subscriber(state="paused", paused_until=NOON - SECOND)
    a, b, c = three_posts()
    b.tags.set([tag])
    arrange(introduction="Read this.", order=(b, a, c), left_out=(c,))
    coming = upcoming.next_issue(Kind.DAILY, NOON - HOUR)
    digest.ring(NOON + SECOND)
    issue = Issue.objects.get(kind=Kind.DAILY)
    assert [post.title for post in coming.posts] == titles(issue) == ["B", "A"]
    assert coming.audience == issue.deliveries.count() == 3
    assert coming.left_out == [c]
    assert coming.introduction == issue.introduction
