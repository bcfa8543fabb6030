"""Thinning: which revisions of a post are kept for how long."""

from datetime import UTC, datetime, timedelta

import pytest
import reversion
from reversion.models import Revision

from posts import retention
from posts.history import RevisionNote
from posts.models import Post, ScheduledChange
from tests.factories import make_post

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 30, 12, 30, tzinfo=UTC)  # a Tuesday


def keep(post: Post, ago: timedelta, kind: str = "saved", *, is_published: bool = False) -> int:
    with reversion.create_revision(manage_manually=True):
        reversion.add_to_revision(post)
        reversion.set_date_created(NOW - ago)
        reversion.add_meta(RevisionNote, post=post, kind=kind, is_published=is_published)
    return RevisionNote.objects.latest("pk").revision_id


def between(post: Post, *kept: int) -> list[int]:
    """Return which of the revisions are left, those that begin and end the history aside."""
    keep(post, timedelta())
    retention.prune(NOW)
    return [pk for pk in kept if Revision.objects.filter(pk=pk).exists()]


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


@pytest.mark.parametrize(
    ("first", "second", "is_first_kept"),
    [
        (hours(1.1), hours(1), True),
        (hours(23.9), hours(23.8), True),
        (hours(48.4), hours(48.1), False),
        (hours(49.2), hours(48.2), True),
        (hours(24 * 10 + 3), hours(24 * 10), False),
        (hours(24 * 11), hours(24 * 10), True),
        (timedelta(days=56), timedelta(days=54), False),
        (timedelta(days=60), timedelta(days=53), True),
    ],
    ids=["today", "within a day", "the same hour", "two hours", "the same day", "two days",
         "the same week", "two weeks"],
)  # fmt: skip
def test_the_older_the_fewer_are_kept_and_the_newest_of_each_stretch(first, second, is_first_kept):
    post = make_post(status="draft", published_at=None)
    keep(post, timedelta(days=300))
    one, other = keep(post, first), keep(post, second)
    assert between(post, one, other) == ([one, other] if is_first_kept else [other])


@pytest.mark.parametrize(
    ("kind", "is_published"),
    [("published", True), ("saved", True), ("restored", False), ("applied", True),
     ("submitted", False), ("withdrawn", False)],
)  # fmt: skip
def test_what_was_public_or_decided_is_kept_for_good(kind, is_published):
    post = make_post()
    keep(post, timedelta(days=300))
    one = keep(post, timedelta(days=200, minutes=2), kind, is_published=is_published)
    keep(post, timedelta(days=200))
    assert between(post, one) == [one]


def test_the_first_and_the_last_of_a_post_are_kept():
    post = make_post(status="draft", published_at=None)
    kept = [keep(post, timedelta(days=100, minutes=number)) for number in (30, 20, 10)]
    assert retention.prune(NOW)["thinned revisions"] == 1
    left = set(Revision.objects.values_list("pk", flat=True))
    assert left == {kept[0], kept[2]}


def test_pruning_twice_prunes_once():
    post = make_post(status="draft", published_at=None)
    for number in range(50):
        keep(post, timedelta(hours=number * 7))
    retention.prune(NOW)
    assert retention.prune(NOW)["thinned revisions"] == 0


def test_one_posts_history_is_no_reason_to_thin_anothers():
    one, other = make_post(status="draft"), make_post(status="draft")
    for post in (one, other, one, other):
        keep(post, timedelta(days=100))
    assert retention.prune(NOW)["thinned revisions"] == 0


@pytest.mark.parametrize(("days", "left"), [(80, 1), (100, 0)])
def test_a_decided_change_is_forgotten_after_a_while(days, left):
    moment = NOW - timedelta(days=days)
    ScheduledChange.objects.create(
        post=make_post(), state="applied", due_at=moment, made_at=moment, decided_at=moment,
        before={}, after={},
    )  # fmt: skip
    retention.prune(NOW)
    assert ScheduledChange.objects.count() == left
