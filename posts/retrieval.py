"""The posts that match, in a rough order, and of the best what a fine order needs: one statement.

What it reads is bounded. Of a common word only as many tiers are read, from the uppermost down, as
hold some thousands of posts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from posts.conditions import Matching, Term, loosened
from posts.ranking import Candidate
from posts.vocabulary import Vocabulary

LISTED = 1_000  # posts, of however many: nobody reads a hundred pages
WEIGHED = 50  # the best by the rough order, weighed finely
ENOUGH = 100  # posts that match before words may be missing
READ = 4_000  # rows of the index that are plenty to list a thousand from
RANKED_WORDS = 8
WEIGHT_UNIT = 100_000

# What a tier adds to a word's share in the rough order, the uppermost first; a post has all
# those below its own.
TIER_SHARES = {"^": 0.12, "!": 0.1, "*": 0.2, "+": 0.25, "": 0.33}

# Conditions on the entries by what they narrow down, each with its parameters.
Narrowing = dict[str, tuple[str, dict[str, Any]]]

# The widest level that is needed: each is tried until there are enough posts; first on some that
# are found quickly.
_LEVEL = "WITH level AS MATERIALIZED (SELECT CASE {cases} ELSE {last} END AS number)"
_CASE = """
WHEN (SELECT count(*) FROM (
    SELECT 1 FROM posts_searchentry WHERE terms @@ (%({tried})s::tsquery[])[{number}]
    {among} AND released_at <= %(now)s LIMIT {enough}
) AS found) >= {enough} THEN {number}
"""
# What only seems to match, see `conditions.Matching.loose`.
_WRONG = """, wrong AS MATERIALIZED (
    SELECT post_id FROM posts_searchentry
    WHERE terms @@ %(doubtful)s::tsquery
    AND terms @@ (%(doubts)s::tsquery[])[(SELECT number FROM level)]
)"""
LOOSELY = "terms @@ %(condition)s::tsquery"
NOT_WRONG = "AND post_id NOT IN (SELECT post_id FROM wrong)"
# Weights are whole numbers: their sum is the same in whichever order rows are read.
# The tier stands first: it holds few posts, and in them only the rest is looked for.
_MATCHED = """
SELECT post_id, released_at, {weight} AS weight FROM posts_searchentry
WHERE {condition} terms @@ (%(loose)s::tsquery[])[(SELECT number FROM level)]
AND released_at <= %(now)s AND (SELECT number FROM level) BETWEEN {narrowest} AND {widest} {among}
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
    """Rows to be read: those of a condition, where the level is between two."""

    condition: str
    weight: float
    widest: int = 9
    narrowest: int = 1


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
        "levels": list(match.levels), "sure": list(match.sure), "loose": list(match.loose),
        "doubts": list(match.doubts), "doubtful": match.doubtful, "size": known.size,
    }  # fmt: skip
    for _, values in narrowing.values():
        params |= values
    among = "".join(f" AND {condition}" for condition, _ in narrowing.values())
    wrong = _WRONG if match.loose != match.levels else ""
    among += NOT_WRONG if wrong else ""
    matched = []
    for at, scan in enumerate(scans):
        params[f"scan{at}"] = scan.condition
        condition = f"terms @@ %(scan{at})s::tsquery AND" if scan.condition else ""
        matched.append(
            _MATCHED.format(
                weight=round(scan.weight * WEIGHT_UNIT), condition=condition, among=among,
                narrowest=scan.narrowest, widest=scan.widest,
            )
        )  # fmt: skip
    level, quick = _level(match, known)
    every = " UNION ALL ".join(matched)
    sql = _RANKED.format(level=level, wrong=wrong, matched=every, listed=LISTED)
    return sql, params | quick


def _level(match: Matching, known: Vocabulary) -> tuple[str, dict[str, Any]]:
    """Return how the level is found, which costs little where very many posts match."""
    cases, quick = "", {}
    for number, share in enumerate(match.shares[:-1], 1):
        ways = [("levels", "")]
        if match.sure != match.levels:
            ways.insert(0, ("sure", ""))
        if share * known.size > READ and (condition := _upper(match, known, share)):
            quick[f"quick{number}"] = condition
            ways.insert(0, ("sure", f"AND terms @@ %(quick{number})s::tsquery"))
        for tried, among in ways:
            cases += _CASE.format(tried=tried, number=number, among=among, enough=ENOUGH)
    return _LEVEL.format(cases=cases or "WHEN true THEN 1", last=len(match.levels)), quick


def _upper(match: Matching, known: Vocabulary, share: float) -> str:
    """Return the smallest tier of a word that should hold enough of what matches; else ""."""
    held = {
        term.condition(tier): _held(term, tier, known) * min(1.0, share / term.share)
        for tier in TIER_SHARES for term in match.terms if tier and term.share
    }  # fmt: skip
    plenty = [condition for condition, posts in held.items() if posts >= 4 * ENOUGH]
    return min(plenty, key=held.__getitem__, default="")


def _by_date(match: Matching) -> list[Scan]:
    strict = [Scan(match.strict, 1.0)] if len(match.levels) > 1 else []
    return [Scan("", 0.0), *strict]


def _scans(match: Matching, known: Vocabulary, *, is_narrowed: bool) -> list[Scan]:
    """Return what to read, so that it is enough and not too much."""
    heaviest = sorted(match.terms, key=lambda term: -term.weight)[:RANKED_WORDS]
    few = [number for number, share in enumerate(match.shares, 1) if share * known.size <= READ]
    base = Scan("", 0.0, 9 if is_narrowed else max(few, default=0))
    # Where all is read that holds every word, the lowest tier tells none from another.
    telling = match.whole + 1 if base.widest >= match.whole else 1
    scans, read = [base], 0.0
    for tier, share in TIER_SHARES.items():
        for term in heaviest:
            held = _held(term, tier, known)
            rows = held * match.shares[0] / (term.share or 1)
            if (tier and not held) or (not tier and len(match.levels) == 1):
                continue
            if read + rows <= READ or read < LISTED:
                condition, weight = loosened(term.condition(tier)), term.weight * share
                scans.append(Scan(condition, weight, narrowest=1 if tier else telling))
                read += rows
    if read < LISTED:  # The tiers hold too few: all that matches is read after all.
        scans[0] = Scan("", 0.0)
    return scans


def _held(term: Term, tier: str, known: Vocabulary) -> float:
    """Return how many posts hold a word in a tier, as far as is known."""
    return sum(min(known.holding(tier + stem) for stem, _ in form) for form in term.forms)
