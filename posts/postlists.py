"""Lists of public posts that can be long: any page, and how many, at the cost of the first page.

A list is read through `posts.listings`: the counts of its months say in which month a page begins,
and from the nearer end of that month it is a few entries away. What is read grows with the years an
archive covers and with the posts of its fullest month, and not with the posts there are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, Self

from django.conf import settings
from django.db import connection
from django.db.models.expressions import RawSQL

from pbrsite.database.statements import Statement
from posts.listings import ListKind
from posts.models import Author, Post, PostQuerySet, Tag

INSTANT = timedelta(microseconds=1)  # the finest that Postgres and Python both tell apart
NEAR = 50  # posts from the top are counted off faster than months are read
BEGINNING = datetime(1, 1, 1, tzinfo=UTC)

_PAGE = """
SELECT post_id FROM posts_listentry
WHERE kind = %s AND key = %s AND published_at >= %s AND published_at < %s AND post_id <> ALL(%s)
ORDER BY published_at {order}, post_id {order} OFFSET %s LIMIT %s"""
# Whole months first; then less what their ends have beyond the stretch, and what is left out of it.
_MONTHS = """
SELECT month, sum(count)::integer FROM (
    SELECT month, count FROM posts_listtally
    WHERE kind = %(kind)s AND key = %(key)s AND month BETWEEN %(first)s AND %(last)s
    UNION ALL
    SELECT posts_month(published_at), -1 FROM posts_listentry
    WHERE kind = %(kind)s AND key = %(key)s
    AND (published_at >= %(before)s AND published_at < %(start)s
        OR published_at >= %(stop)s AND published_at < %(after)s)
    UNION ALL
    SELECT posts_month(published_at), -1 FROM posts_listentry
    WHERE post_id = ANY(%(left_out)s) AND kind = %(kind)s AND key = %(key)s
    AND published_at >= %(start)s AND published_at < %(stop)s
) AS part GROUP BY month HAVING sum(count) > 0 ORDER BY month DESC"""
_EACH = """
SELECT ARRAY(
    SELECT (SELECT count(*) FROM posts_listentry WHERE kind = %(kind)s AND key = %(key)s
            AND published_at >= low AND published_at < high AND post_id <> ALL(%(left_out)s))
    FROM unnest(%(lows)s::timestamptz[], %(highs)s::timestamptz[])
    WITH ORDINALITY AS stretch(low, high, place) ORDER BY place)"""
_AROUND = """
SELECT (SELECT max(published_at) FROM posts_listentry
        WHERE kind = %(kind)s AND key = %(key)s AND published_at < %(start)s),
       (SELECT min(published_at) FROM posts_listentry
        WHERE kind = %(kind)s AND key = %(key)s
        AND published_at >= %(stop)s AND published_at <= %(now)s)"""


@dataclass(frozen=True)
class PostList:
    """What the public sees of one list at one moment, newest first; a `Paginator` can page it.

    Exact at that moment: a scheduled post is in it from its very instant. One query for `count()`,
    asked once; one for each slice, which beyond the first posts needs the count too.
    """

    kind: ListKind
    key: int
    now: datetime
    start: datetime = BEGINNING
    end: datetime | None = None  # half-open
    left_out: tuple[int, ...] = ()

    @classmethod
    def of_all(cls, now: datetime) -> Self:
        return cls(ListKind.ALL, 0, now)

    @classmethod
    def of_author(cls, author: Author, now: datetime) -> Self:
        """Return the author's posts, alone or with others."""
        return cls(ListKind.AUTHOR, author.pk, now)

    @classmethod
    def of_tag(cls, tag: Tag, now: datetime) -> Self:
        return cls(ListKind.TAG, tag.pk, now)

    def between(self, start: datetime, end: datetime) -> Self:
        """Return the part of the list published in that half-open stretch of time."""
        return replace(self, start=start, end=end)

    def without(self, posts: Sequence[Post]) -> Self:
        """Return the list without these few posts, wherever they stand."""
        return replace(self, left_out=tuple(post.pk for post in posts))

    def count(self) -> int:
        return sum(count for _, count in self._months)

    def __len__(self) -> int:
        return self.count()

    def __iter__(self) -> Iterator[Post]:
        return iter(self[0 : self.count()])

    def __getitem__(self, wanted: slice) -> list[Post]:
        """Return these posts as cards show them, newest first: one query."""
        bottom, top = wanted.start, wanted.stop
        if top <= NEAR:
            way: tuple[int, str, dict[str, datetime]] = (bottom, "DESC", {})
        else:
            top = min(top, self.count())
            way = self._way_to(bottom, top)
        offset, order, bounds = way
        cards = _cards_forwards if order == "DESC" else _cards_backwards
        return cards(self.now, *self._stretch(bounds), offset, max(top - bottom, 0))

    def newest(self, number: int) -> PostQuerySet:
        """Return so many posts, by the list's order alone: it asks for no count."""
        return _picked("DESC", self.now, *self._stretch({}), 0, number)

    def _stretch(self, bounds: dict[str, datetime]) -> list[Any]:
        names = ("kind", "key", "start", "stop", "left_out")
        return [(self._values | bounds)[name] for name in names]

    def counts_by_year(self) -> dict[date, int]:
        """Return the first day of each year of the site's zone that has posts, and how many."""
        counts: dict[date, int] = {}
        for month, count in self._local_months({1}).items():
            year = month.replace(month=1)
            counts[year] = counts.get(year, 0) + count
        return counts

    def counts_by_month(self) -> dict[date, int]:
        """Return the first day of each month of the site's zone that has posts, and how many."""
        return self._local_months(set(range(1, 13)))

    def counts_by_day(self, month: date) -> dict[date, int]:
        """Return the days of that month, in the site's zone, that have posts, and how many."""
        first = month.replace(day=1)
        days = [first + timedelta(days=place) for place in range((_next_month(first) - first).days)]
        bounds = [midnight(day) for day in [*days, _next_month(first)]]
        counts = self._count_each(list(pairwise(bounds)))
        return {day: count for day, count in zip(days, counts, strict=True) if count}

    def around(self) -> tuple[datetime | None, datetime | None]:
        """Return when the nearest posts before and after this stretch of time were published."""
        values = self._values | {"stop": self.end or self._stop, "now": self.now}
        before, after = self._ask(_AROUND, values)[0]
        return before, after

    @cached_property
    def _stop(self) -> datetime:
        now = self.now + INSTANT  # What comes out at this very moment is public.
        return min(self.end, now) if self.end else now

    @cached_property
    def _values(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value, "key": self.key, "start": self.start, "stop": self._stop,
            "left_out": list(self.left_out),
        }  # fmt: skip

    @cached_property
    def _months(self) -> list[tuple[int, int]]:
        """Return (month of UTC, number of posts), newest first, of months that have any."""
        if self.start >= self._stop:
            return []
        first, last = month_of(self.start), month_of(self._stop)
        bounds = {"first": first, "last": last, "before": start_of(first),
                  "after": start_of(last + 1)}  # fmt: skip
        return self._ask(_MONTHS, self._values | bounds)

    def _way_to(self, bottom: int, top: int) -> tuple[int, str, dict[str, datetime]]:
        """Return how many entries to pass, in which order, and from which month's end on."""
        newer, older = 0, self.count()  # entries before and after the month at hand
        down, up = (bottom, self._stop), (older - top, self.start)
        for month, count in self._months:
            older -= count
            if newer <= bottom < newer + count:
                down = (bottom - newer, min(self._stop, start_of(month + 1)))
            if newer < top <= newer + count:
                up = (newer + count - top, max(self.start, start_of(month)))
            newer += count
        if down[0] <= up[0]:
            return down[0], "DESC", {"stop": down[1]}
        return up[0], "ASC", {"start": up[1]}

    def _local_months(self, turning: set[int]) -> dict[date, int]:
        """Return the counts by month, those numbered `turning` beginning in the site's zone.

        A month of the zone begins some hours before or after the month of UTC; what was published
        in these hours is counted apart. No query where the two begin together.
        """
        counts = {_first_day(month): count for month, count in self._months}
        moves: list[tuple[date, date, datetime, datetime]] = []
        for first in list(counts):
            for at in (first, _next_month(first)):
                local, utc = midnight(at), start_of(at.year * 12 + at.month - 1)
                # East of Greenwich posts move on to the next month, west back to the last one.
                if at.month in turning and ((at > first) == (local < utc)) and local != utc:
                    target = at if at > first else _first_day(month_of(utc) - 1)
                    moves.append((first, target, min(local, utc), max(local, utc)))
        found = self._count_each([(low, high) for _, _, low, high in moves])
        for (source, target, _, _), count in zip(moves, found, strict=True):
            counts[source] -= count
            counts[target] = counts.get(target, 0) + count
        return {month: counts[month] for month in sorted(counts, reverse=True) if counts[month]}

    def _count_each(self, stretches: Sequence[tuple[datetime, datetime]]) -> list[int]:
        """Return how many posts of the list each of these stretches of time has: one query."""
        if not stretches:
            return []
        lows = [max(low, self.start) for low, _ in stretches]
        highs = [min(high, self._stop) for _, high in stretches]
        counts: list[int] = self._ask(_EACH, self._values | {"lows": lows, "highs": highs})[0][0]
        return counts

    def _ask(self, statement: str, values: dict[str, Any]) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows: list[Any] = cursor.fetchall()
        return rows


def _picked(order: str, now: datetime, *values: Any) -> PostQuerySet:
    found = RawSQL(_PAGE.format(order=order), values)  # noqa: S611 (values stand apart)
    return Post.objects.published(now).filter(pk__in=found).newest_first()


@Statement
def _cards_forwards(*values: Any) -> PostQuerySet:
    return _picked("DESC", *values).for_list()


@Statement
def _cards_backwards(*values: Any) -> PostQuerySet:
    return _picked("ASC", *values).for_list()


def month_of(moment: datetime) -> int:
    """Return the number of the month of UTC, as `posts_month` of the database."""
    moment = moment.astimezone(UTC)
    return moment.year * 12 + moment.month - 1


def start_of(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def midnight(day: date) -> datetime:
    """Return the beginning of that day in the site's zone."""
    return datetime(day.year, day.month, day.day, tzinfo=settings.ZONE)


def _first_day(month: int) -> date:
    month = max(month, 12)  # Python knows no day before the year 1.
    return date(month // 12, month % 12 + 1, 1)


def _next_month(first: date) -> date:
    return _first_day(first.year * 12 + first.month)
