"""Long lists: any page of them is what slicing every public post would give, at any moment."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from posts import postlists
from posts.models import Author, CoAuthor, Post, PostQuerySet, Tag, TaggedPost
from posts.postlists import PostList
from tests.factories import make_author, make_tag

pytestmark = pytest.mark.django_db

NOW = datetime(2020, 3, 1, 0, 30, tzinfo=UTC)
# Close together, so that many share a second, a month's end lies between, and some are to come.
MOMENTS = st.sampled_from([
    *(NOW + timedelta(seconds=seconds) for seconds in (-86_400, -1801, -1800, -1, 0, 0, 1, 60)),
    *(datetime(2019, 7, 1, tzinfo=UTC) + timedelta(minutes=late) for late in (-61, -60, 0, 1)),
    *(datetime(year, 1, 1, tzinfo=UTC) for year in (1, 1969, 2019, 9998)),
])  # fmt: skip
ROWS = st.lists(
    st.tuples(MOMENTS, st.sampled_from(["published"] * 5 + ["draft", "withdrawn"]),
              st.integers(0, 3), st.booleans()),
    max_size=40,
)  # fmt: skip
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["date", "withdraw", "publish", "delete", "tag", "untag", "join", "move"]),
        st.integers(0, 39), MOMENTS,
    ),
    max_size=8,
)  # fmt: skip


@given(
    rows=ROWS, changes=CHANGES, which=st.integers(0, 5), hours=st.integers(-50_000, 3),
    size=st.integers(2, 7), near=st.sampled_from([0, 0, 3, 50]),
)  # fmt: skip
@hypothesis_settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_page_is_the_slice_of_the_whole_list(
    db, monkeypatch, rows, changes, which, hours, size, near
):
    monkeypatch.setattr(postlists, "NEAR", near)
    with transaction.atomic():
        authors, tags = [make_author(), make_author()], [make_tag(), make_tag()]
        fill(rows, authors, tags)
        for verb, place, moment in changes:
            change(verb, place, moment, authors=authors, tags=tags)
        for now in (NOW, NOW + timedelta(hours=hours)):
            listed, naive = lists(now, authors, tags)[which]
            check_slices(listed, naive, size=size)
        transaction.set_rollback(True)  # The next example begins with nothing.


def fill(rows: list[tuple[Any, ...]], authors: list[Author], tags: list[Tag]) -> None:
    posts = Post.objects.bulk_create(
        Post(title="T", slug=f"s-{place}", published_at=moment, status=status,
             author=authors[number % 2])
        for place, (moment, status, number, _) in enumerate(rows)
    )  # fmt: skip
    TaggedPost.objects.bulk_create(
        TaggedPost(content_object=post, tag=tags[number // 2])
        for post, (_, _, number, is_filed) in zip(posts, rows, strict=True)
        if is_filed
    )


def change(
    verb: str, place: int, moment: datetime, *, authors: list[Author], tags: list[Tag]
) -> None:
    this = Post.objects.filter(slug=f"s-{place}")
    links = TaggedPost.objects.filter(content_object__in=this)
    pks = this.values_list("pk", flat=True)
    verbs: dict[str, Any] = {
        "date": lambda: this.update(published_at=moment, author=authors[1]),
        "withdraw": lambda: this.update(status="withdrawn"),
        "publish": lambda: this.update(status="published"),
        "delete": this.delete,
        "tag": lambda: TaggedPost.objects.bulk_create(
            [TaggedPost(content_object_id=pk, tag=tags[0]) for pk in pks], ignore_conflicts=True
        ),
        "untag": links.delete,
        "join": lambda: CoAuthor.objects.bulk_create(
            [CoAuthor(post_id=pk, author=authors[0]) for pk in pks], ignore_conflicts=True
        ),
        "move": lambda: [links.update(tag=tags[1]) for _ in [0] if links.count() == 1],
    }
    verbs[verb]()


def lists(
    now: datetime, authors: list[Author], tags: list[Tag]
) -> list[tuple[PostList, PostQuerySet]]:
    """Return each kind of list, with the query that says without any trick what is in it."""
    public = Post.objects.published(now).newest_first()
    bounds = (datetime(2019, 6, 30, 23, tzinfo=UTC), NOW)
    return [
        (PostList.of_all(now), public),
        (PostList.of_all(now).between(*bounds), public.between(*bounds)),
        *((PostList.of_author(author, now), public.by(author)) for author in authors),
        *((PostList.of_tag(tag, now), public.tagged(tag)) for tag in tags),
    ]


def check_slices(listed: PostList, naive: PostQuerySet, *, size: int) -> None:
    whole = list(naive)
    assert list(listed.newest(3)) == whole[:3]
    left_out = whole[1:3]
    for short in (listed, listed.without(left_out)):
        expected = [post for post in whole if short is listed or post not in left_out]
        assert short.count() == len(expected)
        for start in range(0, len(expected) + 1, size):
            assert short[start : start + size] == expected[start : start + size]


@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Auckland", "America/St_Johns"])
def test_counts_by_day_month_and_year_are_those_of_the_zone(settings, zone):
    settings.ZONE = ZoneInfo(zone)
    first = datetime(2019, 12, 30, 6, tzinfo=UTC)
    author = make_author()
    Post.objects.bulk_create(
        Post(title="T", slug=f"s-{hour}", published_at=first + timedelta(hours=hour * 11),
             status="published", author=author)
        for hour in range(200)
    )  # fmt: skip
    now = first + timedelta(hours=190 * 11)
    moments = Post.objects.published(now).values_list("published_at", flat=True)
    days = [moment.astimezone(settings.ZONE).date() for moment in moments if moment]
    listed = PostList.of_all(now)
    assert listed.counts_by_month() == Counter(day.replace(day=1) for day in days)
    assert listed.counts_by_year() == Counter(day.replace(month=1, day=1) for day in days)
    january = Counter(day for day in days if (day.year, day.month) == (2020, 1))
    assert listed.counts_by_day(date(2020, 1, 20)) == january
