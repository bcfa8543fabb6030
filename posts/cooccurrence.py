"""What the posts of a topic have besides: other tags, years and authors, with counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from posts.listings import ListKind
from posts.models import ListEntry, Post, Tag

READ = 500  # posts of a topic, the newest: what bounds the cost of a page
TAGS = 8
MOST_TAGS = 3  # of an intersection
AUTHORS = 6

# How over-represented a tag is: shared posts by the square root of all of its own (Ochiai 1957,
# the topic's own number left out, as it is the same for all).
_COUNT = """
WITH filed AS MATERIALIZED ({filed}), beside AS (
    SELECT tag_id, count(*) AS shared FROM posts_taggedpost
    WHERE content_object_id IN (SELECT id FROM filed) AND tag_id <> ALL(%s)
    GROUP BY tag_id HAVING count(*) > 1 ORDER BY shared DESC, tag_id LIMIT 40
)
SELECT 'all', '', '', count(*), 0 FROM filed
UNION ALL
SELECT 'tag', tag.slug, tag.name, shared, shared / sqrt(greatest(shared, (
    SELECT sum(count) FROM posts_listtally WHERE kind = 'tag' AND key = beside.tag_id AND month = 0
)))
FROM beside JOIN posts_tag AS tag ON tag.id = beside.tag_id
UNION ALL
SELECT 'year', year, year, count(*), year::int
FROM (SELECT to_char(published_at AT TIME ZONE %s, 'YYYY') AS year FROM filed) AS dated
GROUP BY year
UNION ALL
SELECT 'author', slug, name, count(*), count(*)
FROM (
    SELECT author_id, filed.id FROM filed
    UNION
    SELECT further.author_id, filed.id
    FROM filed JOIN posts_coauthor AS further ON further.post_id = filed.id
) AS written JOIN posts_author AS author ON author.id = author_id
GROUP BY slug, name
"""


@dataclass(frozen=True)
class Option:
    label: str
    url: str
    count: int


@dataclass
class Besides:
    """Each with its count among the topic's posts; of a large topic, among the newest."""

    tags: list[Option] = field(default_factory=list)
    years: list[Option] = field(default_factory=list)
    authors: list[Option] = field(default_factory=list)
    is_whole: bool = True


def entries(tags: Sequence[Tag], now: datetime) -> QuerySet[ListEntry]:
    """Return the list entries of the public posts that have all of these tags.

    It reads the shortest of their lists, and looks each entry up in the others. The tags come with
    their `post_count`.
    """
    shortest, *others = sorted(tags, key=lambda tag: getattr(tag, "post_count", 0))
    found = ListEntry.objects.filter(kind=ListKind.TAG, key=shortest.pk, published_at__lte=now)
    for tag in others:
        same = ListEntry.objects.filter(
            kind=ListKind.TAG, key=tag.pk, published_at=OuterRef("published_at"),
            post_id=OuterRef("post_id"),
        )  # fmt: skip
        found = found.filter(Exists(same))
    return found.order_by("-published_at", "-post_id")


def besides(tags: Sequence[Tag], now: datetime, *, leaving_out: Sequence[Tag] = ()) -> Besides:
    """Return what the public posts filed under all of these tags have besides; one query.

    A tag counts from two posts on, unless it is shown already and to be left out.

    Years and authors lead to the search, which knows one tag: of several tags they stay empty, and
    so they do where not every post was counted.
    """
    rows = _rows(tags, now, leaving_out)
    total = next(count for kind, _, _, count, _ in rows if kind == "all")
    found = Besides(is_whole=total < READ)
    ranked = sorted(rows, key=lambda row: (-row[4], row[2]))
    slugs = [tag.slug for tag in tags]
    found.tags = [
        Option(name, intersection_url([*slugs, slug]), count)
        for kind, slug, name, count, _ in ranked
        if kind == "tag" and len(tags) < MOST_TAGS
    ][:TAGS]
    if found.is_whole and len(tags) == 1:
        found.years = _narrowing(slugs[0], "year", ranked)
        found.authors = _narrowing(slugs[0], "author", ranked)[:AUTHORS]
    return found


def intersection_url(slugs: Sequence[str]) -> str:
    """Return the one address of the posts that have all of these tags."""
    if len(set(slugs)) == 1:
        return reverse("posts:tag", args=[slugs[0]])
    return reverse("posts:intersection", args=["+".join(sorted(set(slugs)))])


Row = tuple[str, str, str, int, float]


def _rows(tags: Sequence[Tag], now: datetime, leaving_out: Sequence[Tag]) -> list[Row]:
    newest = entries(tags, now).values("post_id")[:READ]
    filed = Post.objects.published(now).filter(pk__in=newest).order_by()
    sql, params = filed.values("id", "published_at", "author_id").query.sql_with_params()
    with connection.cursor() as cursor:
        pks = [tag.pk for tag in [*tags, *leaving_out]]
        cursor.execute(_COUNT.format(filed=sql), [*params, pks, settings.TIME_ZONE])
        return list(cursor.fetchall())


def _narrowing(slug: str, param: str, rows: list[Row]) -> list[Option]:
    found = [(value, name, count) for kind, value, name, count, _ in rows if kind == param]
    if len(found) < 2:
        return []
    return [
        Option(name, f"/search/?{urlencode({'tag': slug, param: value})}", count)
        for value, name, count in found
    ]
