"""The ways to narrow a search down, by topic, year and author, with counts."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from posts.models import Tag
from posts.questions import Question
from posts.search import Found

OPTIONS = 12  # of a facet
COUNTED = 10_000  # posts; of more it is only said that there are more
Counted = tuple[str, str, str, int | None]
PARAMS = {"tag": "Topic", "year": "Year", "author": "Author"}

# One statement: what matches is read once. A facet counts with its own filter taken away, so that
# one can change it; the count of an option is what a click on it gives. The tag and the author
# asked for are named only when the public sees a post of theirs.
_TALLY = """
WITH wrong AS MATERIALIZED (
    SELECT post_id FROM posts_searchentry
    WHERE terms @@ %(doubtful)s::tsquery AND terms @@ %(doubt)s::tsquery
), found AS MATERIALIZED (
    SELECT released_at, authors, tags, {tag} AS is_tag, {author} AS is_author, {year} AS is_year
    FROM posts_searchentry WHERE {found}
), topics AS (
    SELECT tag_id, sum(posts)::bigint AS posts FROM (
        SELECT unnest(tags) AS tag_id, posts FROM (
            SELECT tags, count(*) AS posts FROM found WHERE is_author AND is_year GROUP BY tags
        ) AS sets) AS single
    GROUP BY tag_id
), writers AS (
    SELECT author_id, sum(posts)::bigint AS posts FROM (
        SELECT unnest(authors) AS author_id, posts FROM (
            SELECT authors, count(*) AS posts FROM found WHERE is_tag AND is_year GROUP BY authors
        ) AS sets) AS single
    GROUP BY author_id
)
SELECT 'total', '', '', '', (SELECT count(*) FROM {total})
UNION ALL
SELECT what, '', '', '', (SELECT count(*) FROM (
    SELECT 1 FROM posts_searchentry WHERE terms @@ condition AND released_at <= %(now)s
    AND {tag} AND {author} AND {year} LIMIT %(most)s
) AS matched) FROM unnest(%(what)s::text[], %(conditions)s::tsquery[]) AS asked (what, condition)
UNION ALL (
    SELECT 'year', year::text, year::text, '', count(*) FROM (
        SELECT extract(year FROM released_at AT TIME ZONE %(zone)s)::int AS year
        FROM found WHERE is_tag AND is_author) AS years
    GROUP BY year)
UNION ALL (
    SELECT 'tag', slug, name, kind, coalesce(posts, 0) FROM posts_tag
    LEFT JOIN topics ON tag_id = posts_tag.id
    WHERE (slug = %(tag)s AND EXISTS (
        SELECT 1 FROM posts_listentry AS entry
        WHERE entry.kind = 'tag' AND key = posts_tag.id AND entry.published_at <= %(now)s
    )) OR tag_id IN (
        SELECT tag_id FROM topics ORDER BY posts DESC, tag_id LIMIT {options}))
UNION ALL (
    SELECT 'author', slug, name, '', coalesce(posts, 0) FROM posts_author
    LEFT JOIN writers ON author_id = posts_author.id
    WHERE (slug = %(author)s AND EXISTS (
        SELECT 1 FROM posts_listentry AS entry
        WHERE entry.kind = 'author' AND key = posts_author.id AND entry.published_at <= %(now)s
    )) OR author_id IN (
        SELECT author_id FROM writers ORDER BY posts DESC, author_id LIMIT {options}))
"""
# Where the total comes from: what was read; or, of very much, so many at most; or it is known.
_READ = "found WHERE is_tag AND is_author AND is_year"
_BOUNDED = "(SELECT 1 FROM posts_searchentry WHERE {found} LIMIT %(most)s) AS many"
_KNOWN = "generate_series(1, %(most)s)"


@dataclass
class Tally:
    """How much was found: in all, holding all that was asked, and had something else been meant.

    `options` are (value, label, group, count) for each facet; `names` those of the filters. Of
    very much, `total` is a bound that is passed, and the options have no counts.
    """

    total: int = 0
    strict: int = 0
    meant: int = 0
    is_bounded: bool = False
    options: dict[str, list[Counted]] = field(
        default_factory=lambda: {param: [] for param in PARAMS}
    )
    names: dict[tuple[str, str], str] = field(default_factory=dict)


def tally(asked: Question, found: Found, *, meant: str = "") -> Tally:
    """Count what was found under the question's filters; one query, whatever was found.

    Beyond ten thousand posts it is said that there are more, and the options are those of the
    thousand best: nobody needs to know, and reading all of them takes a second.
    """
    is_large = found.expected > COUNTED and not asked.narrowing()
    conditions = {"strict": found.strict if found.strict != found.condition else "", "meant": meant}
    params: dict[str, Any] = {
        "condition": found.loose, "doubt": found.doubt, "doubtful": found.matching.doubtful,
        "listed": found.post_ids, "now": timezone.now(), "most": COUNTED + 1,
        "what": [what for what in conditions if conditions[what]],
        "conditions": list(filter(None, conditions.values())),
        "tag": asked.tag, "author": asked.author, "zone": str(settings.ZONE),
    }  # fmt: skip
    for _, values in asked.narrowing().values():
        params |= values
    counted = Tally()
    with connection.cursor() as cursor:
        cursor.execute(_statement(asked, found, is_large=is_large), params)
        for row in cursor.fetchall():
            _note(counted, row, is_large=is_large)
    if not conditions["strict"]:
        counted.strict = counted.total
    if is_large and counted.total > COUNTED:
        counted.total, counted.is_bounded = COUNTED, True
    return counted


def _statement(asked: Question, found: Found, *, is_large: bool) -> str:
    narrowing = asked.narrowing()
    parts = {param: narrowing.get(param, ("true", {}))[0] for param in PARAMS}
    matching = f"{found.matches} AND released_at <= %(now)s"
    total = _READ
    if is_large:
        total = _KNOWN if found.at_least > COUNTED else _BOUNDED.format(found=matching)
        matching = "post_id = ANY(%(listed)s) AND released_at <= %(now)s"
    return _TALLY.format(**parts, found=matching, total=total, options=OPTIONS)


def _note(counted: Tally, row: tuple[str, str, str, str, int], *, is_large: bool) -> None:
    kind, value, label, group, count = row
    if kind in PARAMS:
        counted.options[kind].append((value, label, group, None if is_large else count))
        counted.names[kind, value] = label
    else:
        setattr(counted, kind, count)


def facets(asked: Question, counted: Tally) -> list[dict[str, Any]]:
    """Return the ways to narrow down that make a difference, and those chosen."""
    found = [_facet(asked, param, counted.options[param]) for param in PARAMS]
    return [facet for facet in found if len(facet["options"]) > 1 or facet["is_active"]]


def _facet(asked: Question, param: str, counted: list[Counted]) -> dict[str, Any]:
    chosen = getattr(asked, param)
    options = [
        {"label": label, "count": count, "is_active": value == chosen,
         "url": asked.url(**{param: "" if value == chosen else value}),
         "group": Tag.Kind(group).plural if group else ""}
        for value, label, group, count in _sorted(param, counted)
    ]  # fmt: skip
    return {"label": PARAMS[param], "param": param, "options": options, "is_active": bool(chosen)}


def _sorted(param: str, counted: list[Counted]) -> list[Counted]:
    """Return the newest year first; of topics the most used of each kind; of authors the same."""
    if param == "year":
        return sorted(counted, key=lambda row: row[0], reverse=True)
    kinds = ["", *(kind.value for kind in Tag.Kind)]
    return sorted(counted, key=lambda row: (kinds.index(row[2]), -(row[3] or 0), row[1]))
