"""The passages of a post around the words searched for, the hits in `<mark>`."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db import connection
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from posts.models import Post
from posts.tokens import tokens

FRAGMENTS = 2
FRAGMENT = 180  # characters, about three lines of a card
LEAD = 70  # at most so many before a fragment's first hit
NEAR = 120  # hits within so many characters belong together
MOST_HITS = 400
MOST_STEMS = 30
READ = 20_000  # characters from the first hit on
_SENTENCE = re.compile(r"[.!?:]['\"”’)]*\s+|\n\s*")
_PREFIX = re.compile(r"^(re|co|pre|non|sub|anti|inter|multi|over|under|post|self|cross)(?=.{3})")

# One statement for a page of posts. The first hit is looked for in 200,000 characters, by how its
# words begin, and the text is read from there: a fiftieth of what ts_headline costs on a long one.
_READ = """
SELECT post.id, CASE WHEN first.at > 0
    THEN substr(post.plain_text, greatest(1, first.at - 200), %s) ELSE '' END
FROM posts_post AS post,
LATERAL (SELECT regexp_instr(left(post.plain_text, 200000), %s, 1, 1, 0, 'i') AS at) AS first
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


def add(posts: Iterable[Any], stems: Collection[str]) -> None:
    """Give each of the posts its `snippet` for words of these stems; one query for them all."""
    shown: list[Post] = list(posts)
    passages: dict[int, str] = {}
    marker = Marker(stems)
    if shown and stems:
        with connection.cursor() as cursor:
            cursor.execute(
                _READ, [READ, rf"\m(?:{marker.beginnings})", [post.pk for post in shown]]
            )
            passages = dict(cursor.fetchall())
    for post in shown:
        snippet = _snippet(post, passages.get(post.pk, ""), marker) if stems else Snippet("", "")
        post.snippet = snippet  # type: ignore[attr-defined]


def stems(query: str) -> frozenset[str]:
    """Return the stems of what is asked for, without what is asked not to be there."""
    wanted = re.sub(r'(?<!\S)-(?:"[^"]*"?|\S*)', " ", query)
    found = list(tokens(wanted))
    telling = [token.stem for token in found if not token.is_stop_word]
    return frozenset(telling or [token.stem for token in found])


class Marker:
    """Finds the words of a text that have one of the stems: by how they begin, then for certain."""

    def __init__(self, stems: Collection[str]) -> None:
        self.stems = set(sorted(stems)[:MOST_STEMS])
        self.beginnings = "|".join(sorted({_beginning(stem) for stem in self.stems}))
        self.pattern = re.compile(
            rf"(?<![^\W_])(?:{self.beginnings})[^\W_]*(?:['’][^\W_]+)?", re.IGNORECASE
        )
        self.known: dict[str, str] = {}

    def hits(self, text: str) -> list[Hit]:
        """Return where the words are, in order, four hundred at most."""
        hits = []
        for found in self.pattern.finditer(text):
            if stem := self._stem(found[0]):
                hits.append(Hit(found.start(), found.end(), stem))
                if len(hits) == MOST_HITS:
                    break
        return hits

    def _stem(self, written: str) -> str:
        """Return the stem of a word as it is written, "" for one that is not asked for."""
        if written not in self.known:
            found = [token.stem for token in tokens(written)]
            self.known[written] = next((stem for stem in found if stem in self.stems), "")
        return self.known[written]


def _beginning(stem: str) -> str:
    """Return a pattern for how words of the stem begin, in British and American spelling.

    The last two letters may be spelled otherwise (centre, organize), and a hyphen may follow a
    prefix (re-offending).
    """
    start = stem[: max(3, len(stem) - 2)]
    prefix = _PREFIX.match(start)
    end = prefix.end() if prefix else 0
    return re.escape(start[:end]) + ("[-‐‑]?" if prefix else "") + re.escape(start[end:])


def _snippet(post: Post, passage: str, marker: Marker) -> Snippet:
    """Quote the body, unless the passage an editor chose holds as many of the words."""
    title, summary = post.display_title, post.summary
    in_title, in_summary, in_body = (marker.hits(text) for text in (title, summary, passage))
    chosen = _best(in_body)
    quoted = {hit.stem for fragment in chosen for hit in fragment}
    if in_summary and quoted <= {hit.stem for hit in in_summary}:
        text = _marked(summary, in_summary)
    else:
        text = _quote(passage, in_body, chosen)
    return Snippet(_marked(title, in_title) if in_title else "", text)


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
