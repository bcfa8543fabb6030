"""What the posts of a topic have besides: other tags, years and authors, with counts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.http import urlencode

from posts.models import Post, Tag, TaggedPost

READ = 1_000  # posts of a topic, those filed last: what bounds the cost of a page
TAGS = 8
AUTHORS = 6

# How over-represented a tag is: shared posts by the square root of all of its own (Ochiai 1957,
# the topic's own number left out, as it is the same for all). A tag's own are counted to 2,000:
# beyond that it is common, however common.
_COUNT = """
WITH filed AS MATERIALIZED ({filed}), beside AS (
    SELECT tag_id, count(*) AS shared FROM posts_taggedpost
    WHERE content_object_id IN (SELECT id FROM filed) AND tag_id <> ALL(%s)
    GROUP BY tag_id ORDER BY shared DESC, tag_id LIMIT 40
)
SELECT 'all', '', '', count(*), 0 FROM filed
UNION ALL
SELECT 'tag', tag.slug, tag.name, shared, shared / sqrt((SELECT count(*) FROM (
    SELECT FROM posts_taggedpost AS own WHERE own.tag_id = beside.tag_id LIMIT 2000) AS counted))
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
    """Each with its count among the topic's posts; of a large topic, among those filed last."""

    tags: list[Option] = field(default_factory=list)
    years: list[Option] = field(default_factory=list)
    authors: list[Option] = field(default_factory=list)
    is_whole: bool = True


def besides(tags: Sequence[Tag]) -> Besides:
    """Return what the public posts filed under all of these tags have besides; one query.

    Years and authors lead to the search, which knows one tag: of several tags they stay empty, and
    so they do where not every post was counted.
    """
    rows = _rows(tags)
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


MOST_TAGS = 3


def intersection_url(slugs: Sequence[str]) -> str:
    """Return the one address of the posts that have all of these tags."""
    if len(set(slugs)) == 1:
        return reverse("posts:tag", args=[slugs[0]])
    return reverse("posts:intersection", args=["+".join(sorted(set(slugs)))])


Row = tuple[str, str, str, int, float]


def _rows(tags: Sequence[Tag]) -> list[Row]:
    links = TaggedPost.objects.filter(tag=tags[0])
    for tag in tags[1:]:
        same = TaggedPost.objects.filter(tag=tag, content_object=OuterRef("content_object"))
        links = links.filter(Exists(same))
    last = links.order_by("-content_object_id").values("content_object_id")[:READ]
    filed = Post.objects.published().filter(pk__in=last).order_by()
    sql, params = filed.values("id", "published_at", "author_id").query.sql_with_params()
    with connection.cursor() as cursor:
        pks = [tag.pk for tag in tags]
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
