"""The passages of a post around the words searched for, the hits in `<mark>`."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db import connection
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from posts.models import Post

FRAGMENTS = 2
FRAGMENT = 180  # characters, about three lines of a card
LEAD = 70  # at most so many before a fragment's first hit
NEAR = 120  # hits within so many characters belong together
MOST_HITS = 400
READ = 20_000  # characters from the first hit on
_SENTENCE = re.compile(r"[.!?:]['\"”’)]*\s+|\n\s*")

# One statement for a page of posts. PostgreSQL says which words of a text have the stems asked
# for: looked for by their beginnings and only those few stemmed, a tenth of what ts_headline costs.
# The first hit is looked for in 200,000 characters, and the text is read from there.
_READ = """
WITH asked AS MATERIALIZED (
    SELECT stems, (SELECT '\\m(?:' || string_agg(
        regexp_replace(left(stem, greatest(2, length(stem) - 1)), '(\\W)', '\\\\\\1', 'g'), '|'
    ) || ')\\w*' FROM unnest(stems) AS stem) AS pattern
    FROM (SELECT tsvector_to_array(to_tsvector('english', %s)) AS stems) AS query
)
SELECT post.id, body.passage, (
    SELECT jsonb_object_agg(found.word, coalesce(lexized.stem, found.word))
    FROM (
        SELECT DISTINCT lower(hit[1]) AS word FROM regexp_matches(
            concat_ws(' ', post.title, post.excerpt, post.standfirst, body.passage),
            '(' || asked.pattern || ')', 'gi') AS hit
    ) AS found,
    LATERAL (SELECT (ts_lexize('english_stem', found.word))[1] AS stem) AS lexized
    WHERE coalesce(lexized.stem, found.word) = ANY(asked.stems)
)
FROM asked, posts_post AS post,
LATERAL (
    SELECT regexp_instr(left(post.plain_text, 200000), asked.pattern, 1, 1, 0, 'i') AS at
) AS first,
LATERAL (
    SELECT CASE WHEN first.at > 0
        THEN substr(post.plain_text, greatest(1, first.at - 200), %s) ELSE '' END AS passage
) AS body
WHERE post.id = ANY(%s)
"""


@dataclass(frozen=True)
class Snippet:
    """What a result shows: its title and a passage, as safe HTML; "" when they hold no hit."""

    title: str
    text: str


@dataclass(frozen=True)
class Hit:
    start: int
    end: int
    stem: str


def add(posts: Iterable[Any], query: str) -> None:
    """Give each of the posts its `snippet` for the words of the query; one query for them all."""
    shown: list[Post] = list(posts)
    rows = _read([post.pk for post in shown], words(query)) if shown and words(query) else {}
    for post in shown:
        passage, stems = rows.get(post.pk, ("", {}))
        post.snippet = _snippet(post, passage, stems)  # type: ignore[attr-defined]


def words(query: str) -> str:
    """Return what is asked for, without what is asked not to be there."""
    return re.sub(r'(?<!\S)-(?:"[^"]*"?|\S*)', " ", query).strip()


def _read(pks: list[int], query: str) -> dict[int, tuple[str, dict[str, str]]]:
    """Return for each post the passage to quote from and the words that count, with their stems."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [query, READ, pks])
        return {
            pk: (passage, json.loads(stems or "{}")) for pk, passage, stems in cursor.fetchall()
        }


def _snippet(post: Post, passage: str, stems: dict[str, str]) -> Snippet:
    """Quote the body, unless the passage an editor chose holds as many of the words."""
    if not stems:
        return Snippet("", "")
    alternatives = sorted(map(re.escape, stems), key=len, reverse=True)
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(alternatives)})(?!\w)", re.IGNORECASE)
    title, summary = post.display_title, post.summary
    in_title, in_summary, in_body = (
        _hits(text, pattern, stems) for text in (title, summary, passage)
    )
    chosen = _best(in_body)
    quoted = {hit.stem for fragment in chosen for hit in fragment}
    if in_summary and quoted <= {hit.stem for hit in in_summary}:
        text = _marked(summary, in_summary)
    else:
        text = _quote(passage, in_body, chosen)
    return Snippet(_marked(title, in_title) if in_title else "", text)


def _hits(text: str, pattern: re.Pattern[str], stems: dict[str, str]) -> list[Hit]:
    hits = []
    for found in pattern.finditer(text):
        hits.append(Hit(found.start(), found.end(), stems.get(found[0].lower(), "")))
        if len(hits) == MOST_HITS:
            break
    return hits


def _best(hits: list[Hit]) -> list[list[Hit]]:
    """Return the hits of the best fragments, in the order of the text.

    The best has the most of the words, then those side by side; the next adds the most to it.
    """
    groups = [
        [hit for hit in hits[index : index + 12] if hit.end - first.start <= NEAR]
        for index, first in enumerate(hits)
    ]
    chosen: list[list[Hit]] = []
    seen: set[str] = set()
    while groups and len(chosen) < FRAGMENTS:
        best = max(groups, key=lambda group: _worth(group, seen))
        chosen.append(best)
        seen |= {hit.stem for hit in best}
        groups = [
            group for group in groups
            if group[0].start > best[-1].end + FRAGMENT or group[-1].end < best[0].start - FRAGMENT
        ]  # fmt: skip
    return sorted(chosen, key=lambda group: group[0].start)


def _worth(group: list[Hit], seen: set[str]) -> tuple[int, int, int]:
    stems = {hit.stem for hit in group}
    beside = {
        (one.stem, other.stem)
        for one, other in pairwise(group)
        if other.start - one.end <= 2 and one.stem != other.stem
    }
    return len(stems - seen), len(beside), len(stems)


def _quote(text: str, hits: list[Hit], chosen: list[list[Hit]]) -> SafeString:
    """Return the fragments, cut between words, three dots where the text goes on."""
    parts: list[str] = []
    done = 0
    for group in chosen:
        start = max(done, _start(text, group[0].start))
        end = _end(text, max(start + FRAGMENT, group[-1].end))
        inside = [hit for hit in hits if start <= hit.start and hit.end <= end]
        if start > done:
            parts.append("… " if not parts else " … ")
        parts.append(_marked(text[start:end], inside, offset=start))
        done = end
    if parts and done < len(text.rstrip()):
        parts.append(" …")
    return mark_safe("".join(parts).strip())  # noqa: S308 (each part is escaped or our own)


def _start(text: str, first: int) -> int:
    """Return where a sentence begins shortly before the first hit, else a word."""
    earliest = max(0, first - LEAD)
    if earliest == 0:
        return 0
    sentences = [found.end() for found in _SENTENCE.finditer(text, earliest, first)]
    space = text.find(" ", earliest, first)
    return sentences[0] if sentences else space + 1 if space >= 0 else earliest


def _end(text: str, wanted: int) -> int:
    """Return the end of the last whole word before there, of a word without end not at all."""
    if wanted >= len(text):
        return len(text)
    space = max(text.rfind(" ", wanted - 40, wanted + 1), text.rfind("\n", wanted - 40, wanted + 1))
    return space if space > 0 else wanted


def _marked(text: str, hits: list[Hit], *, offset: int = 0) -> SafeString:
    """Return the text escaped, with the hits marked and its white space folded."""
    parts: list[str] = []
    done = 0
    for hit in hits:
        start, end = hit.start - offset, hit.end - offset
        parts += [escape(text[done:start]), f"<mark>{escape(text[start:end])}</mark>"]
        done = end
    whole = "".join([*parts, escape(text[done:])])
    return mark_safe(re.sub(r"\s+", " ", whole))  # noqa: S308 (escaped just above)
