"""The posts that match, in a rough order, and of the best what a fine order needs: one statement.

What it reads is bounded. Of a common word only as many tiers are read, from the uppermost down, as
hold some thousands of posts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from posts.matching import Matching, Term
from posts.ranking import Candidate
from posts.vocabulary import Vocabulary

LISTED = 1_000  # posts, of however many: nobody reads a hundred pages
WEIGHED = 50  # the best by the rough order, weighed finely
ENOUGH = 100  # posts that match before words may be missing
READ = 4_000  # rows of the index that are plenty to list a thousand from
RANKED_WORDS = 8

# What a tier adds to a word's share in the rough order, the uppermost first; a post has all
# those below its own.
TIER_SHARES = {"^": 0.12, "!": 0.1, "*": 0.2, "+": 0.25, "": 0.33}

# Conditions on the entries by what they narrow down, each with its parameters.
Narrowing = dict[str, tuple[str, dict[str, Any]]]

# The widest level that is needed: each is tried until there are enough posts.
_LEVEL = "WITH level AS MATERIALIZED (SELECT CASE {cases} ELSE {last} END AS number)"
_CASE = """
WHEN (SELECT count(*) FROM (
    SELECT 1 FROM posts_searchentry WHERE terms @@ (%(levels)s::tsquery[])[{number}]
    AND released_at <= %(now)s LIMIT {enough}
) AS found) >= {enough} THEN {number}
"""
# What only seems to match, see `matching.Matching.loose`.
_WRONG = """, wrong AS MATERIALIZED (
    SELECT post_id FROM posts_searchentry
    WHERE terms @@ (%(doubts)s::tsquery[])[(SELECT number FROM level)]
)"""
LOOSELY = "terms @@ %(condition)s::tsquery"
NOT_WRONG = "AND post_id NOT IN (SELECT post_id FROM wrong)"
_MATCHED = """
SELECT post_id, released_at, {weight}::real AS weight FROM posts_searchentry
WHERE terms @@ (%(loose)s::tsquery[])[(SELECT number FROM level)]
AND released_at <= %(now)s AND (SELECT number FROM level) <= {widest} {condition} {among}
"""
_RANKED = """
{level} {wrong}, listed AS (
    SELECT *, row_number() OVER () AS at FROM (
        SELECT post_id, released_at, sum(weight) AS score FROM ({matched}) AS matched
        GROUP BY post_id, released_at
        ORDER BY score DESC, released_at DESC, post_id DESC LIMIT {listed}
    ) AS scored
)
SELECT (SELECT number FROM level), listed.post_id, listed.released_at, listed.score, entry.length,
       ts_filter(entry.terms, '{{a,b,c,d}}')::text, CASE WHEN entry.length IS NOT NULL THEN (
           SELECT coalesce(sum(ln(1 + (greatest(%(size)s, held) - held + 0.5) / (held + 0.5))), 0)
           FROM unnest(entry.title) AS stem
           LEFT JOIN posts_searchterm AS known ON known.term = stem,
           LATERAL (SELECT greatest(coalesce(known.posts, 0), 0)::float8 AS held) AS numbers
       ) END
FROM level LEFT JOIN listed ON true
LEFT JOIN posts_searchentry AS entry
    ON entry.post_id = CASE WHEN listed.at <= %(weighed)s THEN listed.post_id END
ORDER BY listed.at
"""


@dataclass(frozen=True)
class Scan:
    """Rows to be read: those of a condition, where the level is not wider than one."""

    condition: str
    weight: float
    widest: int = 9


def retrieve(
    match: Matching, known: Vocabulary, narrowing: Narrowing, *, by_date: bool, now: datetime
) -> tuple[int, list[Candidate], list[int]]:
    """Return the level that was needed, the best candidates and the numbers of further posts.

    By date there are no candidates: what holds all words comes first, then the newest.
    """
    scans = _by_date(match) if by_date else _scans(match, known, is_narrowed=bool(narrowing))
    sql, params = statement(match, known, narrowing, scans)
    with connection.cursor() as cursor:
        cursor.execute(sql, params | {"now": now, "weighed": 0 if by_date else WEIGHED})
        rows = cursor.fetchall()
    found = [row[1:] for row in rows if row[1] is not None]
    best = [] if by_date else [Candidate(*row) for row in found[:WEIGHED]]
    return rows[0][0], best, [row[0] for row in found[len(best) :]]


def statement(
    match: Matching, known: Vocabulary, narrowing: Narrowing, scans: list[Scan]
) -> tuple[str, dict[str, Any]]:
    params: dict[str, Any] = {
        "levels": list(match.levels), "loose": list(match.loose), "doubts": list(match.doubts),
        "size": known.size,
    }  # fmt: skip
    for _, values in narrowing.values():
        params |= values
    among = "".join(f" AND {condition}" for condition, _ in narrowing.values())
    wrong = _WRONG if match.loose != match.levels else ""
    among += NOT_WRONG if wrong else ""
    matched = []
    for at, scan in enumerate(scans):
        params[f"scan{at}"] = scan.condition
        condition = f"AND terms @@ %(scan{at})s::tsquery" if scan.condition else ""
        matched.append(
            _MATCHED.format(
                weight=scan.weight, condition=condition, among=among, widest=scan.widest
            )
        )
    cases = "".join(
        _CASE.format(number=number, enough=ENOUGH) for number in range(1, len(match.levels))
    )
    level = _LEVEL.format(cases=cases or "WHEN true THEN 1", last=len(match.levels))
    every = " UNION ALL ".join(matched)
    return _RANKED.format(level=level, wrong=wrong, matched=every, listed=LISTED), params


def _by_date(match: Matching) -> list[Scan]:
    strict = [Scan(match.strict, 1.0)] if len(match.levels) > 1 else []
    return [Scan("", 0.0), *strict]


def _scans(match: Matching, known: Vocabulary, *, is_narrowed: bool) -> list[Scan]:
    """Return what to read, so that it is enough and not too much."""
    heaviest = sorted(match.terms, key=lambda term: -term.weight)[:RANKED_WORDS]
    few = [number for number, share in enumerate(match.shares, 1) if share * known.size <= READ]
    scans, read = [Scan("", 0.0, 9 if is_narrowed else max(few, default=0))], 0.0
    for tier, share in TIER_SHARES.items():
        for term in heaviest:
            rows = _held(term, tier, known) * match.shares[0] / (term.share or 1)
            if (tier or len(match.levels) > 1) and (read + rows <= READ or read < LISTED):
                scans.append(Scan(term.condition(tier), term.weight * share))
                read += rows
    if read < LISTED:  # The tiers hold too few: all that matches is read after all.
        scans[0] = Scan("", 0.0)
    return scans


def _held(term: Term, tier: str, known: Vocabulary) -> float:
    """Return how many posts hold a word in a tier, as far as is known."""
    return sum(min(known.holding(tier + stem) for stem, _ in form) for form in term.forms)
