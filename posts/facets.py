"""The ways to narrow a search down, by topic, year and author, with counts."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from posts.matching import EVERY_POST
from posts.models import Tag
from posts.questions import Question

FACET_OPTIONS = 12
PARAMS = {"tag": "Topic", "year": "Year", "author": "Author"}

# One statement: what matches is read once. A facet counts with its own filter taken away, so that
# one can change it; the count of an option is what a click on it gives.
_TALLY = """
WITH found AS MATERIALIZED (
    SELECT post_id, released_at, authors, tags,
           {tag} AS is_tag, {author} AS is_author, {year} AS is_year
    FROM posts_searchentry WHERE terms @@ %(condition)s::tsquery AND released_at <= %(now)s
), topics AS (
    SELECT tag_id, count(*) AS posts FROM found, unnest(tags) AS tag_id
    WHERE is_author AND is_year GROUP BY tag_id
), writers AS (
    SELECT author_id, count(*) AS posts FROM found, unnest(authors) AS author_id
    WHERE is_tag AND is_year GROUP BY author_id
)
SELECT 'total', '', '', '', count(*) FROM found WHERE is_tag AND is_author AND is_year
UNION ALL SELECT 'strict', '', '', '', count(*) FROM posts_searchentry
    WHERE terms @@ %(strict)s::tsquery AND released_at <= %(now)s AND {tag} AND {author} AND {year}
UNION ALL SELECT 'meant', '', '', '', count(*) FROM posts_searchentry
    WHERE %(meant)s <> '' AND terms @@ %(meant)s::tsquery AND released_at <= %(now)s
    AND {tag} AND {author} AND {year}
UNION ALL (
    SELECT 'year', year::text, year::text, '', count(*) FROM (
        SELECT extract(year FROM released_at AT TIME ZONE %(zone)s)::int AS year
        FROM found WHERE is_tag AND is_author) AS years
    GROUP BY year)
UNION ALL (
    SELECT 'tag', slug, name, kind, coalesce(posts, 0) FROM posts_tag
    LEFT JOIN topics ON tag_id = posts_tag.id
    WHERE slug = %(tag)s OR tag_id IN (
        SELECT tag_id FROM topics ORDER BY posts DESC, tag_id LIMIT {most}))
UNION ALL (
    SELECT 'author', slug, name, '', coalesce(posts, 0) FROM posts_author
    LEFT JOIN writers ON author_id = posts_author.id
    WHERE slug = %(author)s OR author_id IN (
        SELECT author_id FROM writers ORDER BY posts DESC, author_id LIMIT {most}))
"""


@dataclass
class Tally:
    """How much was found: in all, holding all that was asked, and had something else been meant.

    `options` are (value, label, count, group) for each facet; `names` those of the filters.
    """

    total: int = 0
    strict: int = 0
    meant: int = 0
    options: dict[str, list[tuple[str, str, int, str]]] = field(
        default_factory=lambda: {param: [] for param in PARAMS}
    )
    names: dict[tuple[str, str], str] = field(default_factory=dict)


def tally(asked: Question, *, condition: str, strict: str, meant: str = "") -> Tally:
    """Count what matches under the question's filters; one query, whatever is found."""
    narrowing = asked.narrowing()
    parts = {param: narrowing.get(param, ("true", {}))[0] for param in PARAMS}
    params: dict[str, Any] = {
        "condition": condition or EVERY_POST, "strict": strict or EVERY_POST, "meant": meant,
        "tag": asked.tag, "author": asked.author, "zone": str(settings.ZONE),
        "now": timezone.now(),
    }  # fmt: skip
    for _, values in narrowing.values():
        params |= values
    counted = Tally()
    with connection.cursor() as cursor:
        cursor.execute(_TALLY.format(**parts, most=FACET_OPTIONS), params)
        for kind, value, label, group, count in cursor.fetchall():
            if kind in PARAMS:
                counted.options[kind].append((value, label, count, group))
                counted.names[kind, value] = label
            else:
                setattr(counted, kind, count)
    return counted


def facets(asked: Question, counted: Tally) -> list[dict[str, Any]]:
    """Return the ways to narrow down that make a difference, and those chosen."""
    found = [_facet(asked, param, counted.options[param]) for param in PARAMS]
    return [facet for facet in found if len(facet["options"]) > 1 or facet["is_active"]]


def _facet(asked: Question, param: str, counted: list[tuple[str, str, int, str]]) -> dict[str, Any]:
    chosen = getattr(asked, param)
    options = [
        {"label": label, "count": count, "is_active": value == chosen,
         "url": asked.url(**{param: "" if value == chosen else value}),
         "group": Tag.Kind(group).plural if group else ""}
        for value, label, count, group in _sorted(param, counted)
    ]  # fmt: skip
    return {
        "label": PARAMS[param], "param": param, "options": options, "is_active": bool(chosen)
    }  # fmt: skip


def _sorted(
    param: str, counted: list[tuple[str, str, int, str]]
) -> list[tuple[str, str, int, str]]:
    """Return the newest year first; of topics the most used of each kind; of authors the same."""
    if param == "year":
        return sorted(counted, reverse=True)
    kinds = [kind.value for kind in Tag.Kind]
    return sorted(counted, key=lambda row: (kinds.index(row[3]) if row[3] else 0, -row[2], row[1]))
