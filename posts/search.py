"""Ranked search over the posts: what is found, in which order, and how much of it there is."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery
from django.db import connection
from django.db.models import BigIntegerField, F, Func, Value
from django.db.models.expressions import RawSQL
from django.utils import timezone

from pbrsite.database.statements import Statement
from posts import indexing, matching, ranking, vocabulary, wording
from posts.matching import Matching
from posts.models import Post, PostQuerySet
from posts.vocabulary import Vocabulary
from posts.wording import tidy

__all__ = ["Found", "find", "index", "mentioning", "tidy", "within"]

LISTED = 1_000  # posts, of however many: nobody reads a hundred pages
WEIGHED = 100  # the best by the rough order, weighed finely
ENOUGH = 100  # posts that match before words may be missing

# How rare words count for in the rough order, by tier; they add up.
_TIER_SHARES = {"": 0.33, "+": 0.25, "*": 0.2, "^": 0.12}
_RANKED_WORDS = 8

# The widest level that is needed: each is tried until there are enough posts.
_LEVEL = "WITH level AS MATERIALIZED (SELECT CASE {cases} ELSE {last} END AS number)"
_CASE = """
WHEN (SELECT count(*) FROM (
    SELECT 1 FROM posts_searchentry WHERE terms @@ (%(levels)s::tsquery[])[{number}]
    AND released_at <= %(now)s LIMIT {enough}
) AS found) >= {enough} THEN {number}
"""
_MATCHED = """
SELECT post_id, released_at, {weight}::real AS weight FROM posts_searchentry
WHERE terms @@ (%(levels)s::tsquery[])[(SELECT number FROM level)]
AND released_at <= %(now)s {condition} {among}
"""
_RANKED = """
{level}, scored AS (
    SELECT post_id, released_at, sum(weight) AS score FROM ({matched}) AS matched
    GROUP BY post_id, released_at ORDER BY {order} LIMIT {listed}
), listed AS (SELECT *, row_number() OVER (ORDER BY {order}) AS at FROM scored)
SELECT (SELECT number FROM level), listed.post_id, listed.released_at, listed.score, entry.length,
       entry.terms::text, (
           SELECT coalesce(sum(ln(1 + (greatest(%(size)s, held) - held + 0.5) / (held + 0.5))), 0)
           FROM unnest(entry.title) AS stem
           LEFT JOIN posts_searchterm AS known ON known.term = stem,
           LATERAL (SELECT greatest(coalesce(known.posts, 0), 0)::float8 AS held) AS numbers
       )
FROM level LEFT JOIN listed ON true
LEFT JOIN posts_searchentry AS entry ON entry.post_id = listed.post_id AND listed.at <= {weighed}
ORDER BY listed.at
"""


Narrowing = dict[str, tuple[str, dict[str, Any]]]  # conditions on the entries, with parameters


@dataclass(frozen=True)
class Found:
    """What a query found. `post_ids` are the best thousand at most, in order.

    `condition` says what matches, `strict` what holds all that was asked: both are for counting
    the whole, under any filter.
    """

    post_ids: list[int] = field(default_factory=list)
    matching: Matching = matching.EVERYTHING
    known: Vocabulary = field(default_factory=Vocabulary)
    level: int = 1

    @property
    def condition(self) -> str:
        return self.matching.levels[self.level - 1]

    @property
    def strict(self) -> str:
        return self.matching.strict


def index(post_ids: Iterable[int]) -> None:
    """Bring the index of these posts up to date, whatever their number; idempotent."""
    indexing.index(post_ids)


def within(posts: PostQuerySet, query: str, *, by_date: bool = False) -> PostQuerySet:
    """Return those of the posts that match, best first or newest first; a thousand at most.

    Two queries when called, one more when read.
    """
    found = find(query, narrowing={"posts": _among(posts)}, by_date=by_date)
    return in_order(posts, found.post_ids)


def in_order(posts: PostQuerySet, post_ids: list[int]) -> PostQuerySet:
    """Return those of the posts with these numbers, in that order, as cards need them."""
    ids: ArrayField[Any, Any] = ArrayField(BigIntegerField())
    place = Func(Value(post_ids, ids), F("pk"), function="array_position", arity=2)
    return posts.filter(pk__in=post_ids).for_list().order_by(place)


def mentioning(words: str) -> PostQuerySet:
    """Return posts of any state that hold all the words: for the editors' list."""
    match, _ = _understood(words)
    return Post.objects.filter(search_entry__terms=_Condition(match.strict))


def find(
    query: str,
    *,
    narrowing: Narrowing | None = None,
    by_date: bool = False,
    now: datetime | None = None,
) -> Found:
    """Return what the query finds among the public posts, or among some of them; two queries.

    What matches is settled over the whole archive, so that it is the same under every filter.
    Without words everything matches, the newest first.
    """
    match, known = _understood(query)
    sql, params = _statement(match, known, narrowing or {}, by_date=by_date)
    with connection.cursor() as cursor:
        cursor.execute(sql, params | {"now": now or timezone.now()})
        rows = cursor.fetchall()
    level, found = rows[0][0], [row[1:] for row in rows if row[1] is not None]
    best = [] if by_date else [ranking.Candidate(*row) for row in found[:WEIGHED]]
    ordered = ranking.ranked(best, match.terms, known)
    ordered += [row[0] for row in found[len(best) :]]
    return Found(ordered, match, known, level)


def strict_condition(query: str) -> str:
    """Return the condition that a post holds all that is asked; no query."""
    return matching.matching(wording.read(query), Vocabulary()).strict


class Listed(Sequence[Post]):
    """The posts of these numbers as a paginator reads them: a page's are fetched, no others."""

    def __init__(self, post_ids: list[int]) -> None:
        self.post_ids = post_ids

    def __len__(self) -> int:
        return len(self.post_ids)

    def __getitem__(self, span: Any) -> Any:
        return _cards(timezone.now(), self.post_ids[span])


@Statement
def _cards(now: datetime, post_ids: list[int]) -> PostQuerySet:
    wanted = RawSQL("SELECT unnest(%s::bigint[])", [post_ids])
    place = Func(RawSQL("%s::bigint[]", [post_ids]), F("pk"), function="array_position", arity=2)
    return Post.objects.published(now).filter(pk__in=wanted).for_list().order_by(place)


def _understood(query: str) -> tuple[Matching, Vocabulary]:
    read = wording.read(query)
    if not read.groups:  # Signs alone match nothing, no words at all match everything.
        return (matching.NOTHING if query.strip() else matching.EVERYTHING), Vocabulary()
    known = vocabulary.about([token for group in read.groups for token in group.said])
    return matching.matching(read, known), known


def _among(posts: PostQuerySet) -> tuple[str, dict[str, Any]]:
    """Return the condition that an entry is of one of the posts, its parameters named."""
    sql, values = posts.order_by().values("pk").query.sql_with_params()
    numbers = iter(range(len(values)))
    named = re.sub("%s", lambda _: f"%(among{next(numbers)})s", sql)
    return f"post_id IN ({named})", {f"among{at}": value for at, value in enumerate(values)}


def _statement(
    match: Matching, known: Vocabulary, narrowing: Narrowing, *, by_date: bool
) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {"levels": list(match.levels), "size": known.size}
    for _, values in narrowing.values():
        params |= values
    among = "".join(f" AND {condition}" for condition, _ in narrowing.values())
    lifts = [(match.strict, 1.0)] if by_date else _tiers(match)
    matched = [_MATCHED.format(weight=0, condition="", among=among)]
    for at, (condition, weight) in enumerate(lifts):
        params[f"tier{at}"] = condition
        lifted = f"AND terms @@ %(tier{at})s::tsquery"
        matched.append(_MATCHED.format(weight=weight, condition=lifted, among=among))
    cases = "".join(
        _CASE.format(number=number, enough=ENOUGH) for number in range(1, len(match.levels))
    )
    level = _LEVEL.format(cases=cases or "WHEN true THEN 1", last=len(match.levels))
    sql = _RANKED.format(
        level=level, matched=" UNION ALL ".join(matched), listed=LISTED,
        order="score DESC, released_at DESC, post_id DESC", weighed=0 if by_date else WEIGHED,
    )  # fmt: skip
    return sql, params


def _tiers(match: Matching) -> list[tuple[str, float]]:
    """Return what lifts a post in the rough order, and how much."""
    heaviest = sorted(match.terms, key=lambda term: -term.weight)[:_RANKED_WORDS]
    return [
        (term.condition(tier), term.weight * share)
        for term in heaviest
        for tier, share in _TIER_SHARES.items()
        if tier or len(match.levels) > 1
    ]


class _Condition(SearchQuery):
    """A condition as PostgreSQL's `tsquery`: known to Django for one, and so not parsed again."""

    template = "%(expressions)s::tsquery"
