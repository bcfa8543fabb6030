"""What the archive knows of the words of a query: how many posts hold each, and what is near."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from django.db import connection
from django.utils import timezone

from posts.orthography import folded
from posts.searchvectors import SPELLED_FROM, nearby
from posts.tokens import Token, stem_of

MOST_LOOKED_UP = 12  # words of a query whose neighbours in spelling are looked for
ASKED_FROM = SPELLED_FROM - 1  # letters: one may be missing
LONGEST_NAME = 6  # words of a tag's name that may stand for one of its other names
TIERS = ("+", "*", "!", "^")

# One statement. Names are compared without case, as the tags' own index holds them; those of a tag
# without a public post count for nothing. For the rest of the transaction the index is preferred:
# reading the table looks cheap to the planner, which does not know that each vector then has to be
# fetched from beside it.
_KNOWN = """
SELECT 'set', set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true), 0
UNION ALL
SELECT 'term', term, '', posts FROM posts_searchterm WHERE term = ANY(%(terms)s)
UNION ALL
SELECT 'near', term, '', posts FROM searchterms_near(%(nearby)s)
UNION ALL
SELECT 'name', lower(said.name), other.name, 0 FROM (
    SELECT id AS tag_id, name FROM posts_tag WHERE lower(name) = ANY(%(names)s)
    UNION ALL
    SELECT tag_id, name FROM posts_tagalias WHERE lower(name) = ANY(%(names)s)
) AS said JOIN (
    SELECT id AS tag_id, name FROM posts_tag UNION ALL SELECT tag_id, name FROM posts_tagalias
) AS other ON other.tag_id = said.tag_id AND lower(other.name) <> lower(said.name)
WHERE EXISTS (
    SELECT 1 FROM posts_listentry
    WHERE kind = 'tag' AND key = said.tag_id AND published_at <= %(now)s
)
"""


@dataclass
class Vocabulary:
    """Answers about the words of one query, read at once."""

    posts: dict[str, int] = field(default_factory=dict)  # of a term, how many hold it
    near: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    @property
    def size(self) -> int:
        """Return how many posts there are; at least one, so that it can divide."""
        return max(1, self.posts.get("#", 0))

    @property
    def mean_length(self) -> float:
        return max(1.0, self.posts.get("#words", 0) / self.size)

    def holding(self, stem: str) -> int:
        return max(0, self.posts.get(stem, 0))


def about(words: Sequence[Token]) -> Vocabulary:
    """Return what the archive knows of these words, and of what they may stand for; one query.

    To be called in a transaction, in which the posts are then looked for.
    """
    alone = [token for token in words if not token.is_compound]
    stems = {token.stem for token in words} | {stem_of(pair) for pair in joined(alone)}
    written = {token.word for token in words} | set(joined(alone))
    parts = {part for token in alone for pair in halves(token.word) for part in pair}
    terms = {"#", "#words", *stems, *(tier + stem for stem in stems for tier in TIERS)}
    terms |= {f"={word}" for word in written | parts} | {stem_of(part) for part in parts}
    spelled = [token.word for token in alone if len(token.word) >= ASKED_FROM][:MOST_LOOKED_UP]
    spelled += joined(alone)[:MOST_LOOKED_UP]
    asked = {
        "terms": list(terms),
        "nearby": list({part for word in spelled for part in nearby(word)}),
        "names": _names(alone),
        "now": timezone.now(),
    }
    return _read(asked, spelled)


def joined(words: Sequence[Token]) -> list[str]:
    """Return the neighbouring words written as one: "re offending" may be "reoffending"."""
    return [
        first.word + second.word
        for first, second in pairwise(words)
        if second.place == first.place + 1
    ]


def halves(word: str) -> list[tuple[str, str]]:
    """Return the ways to write a word as two, of at least two letters each."""
    return [(word[:at], word[at:]) for at in range(2, len(word) - 1)] if len(word) <= 24 else []


def _names(words: Sequence[Token]) -> list[str]:
    written = [token.word for token in words]
    lengths = range(1, LONGEST_NAME + 1)
    return [
        " ".join(written[start : start + length])
        for length in lengths
        for start in range(len(written) - length + 1)
    ]


def _read(asked: dict[str, Any], spelled: list[str]) -> Vocabulary:
    known = Vocabulary()
    parts_of = {word: set(nearby(word)) for word in spelled}
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, asked)
        for kind, term, other, posts in cursor.fetchall():
            if kind == "term":
                known.posts[term] = posts
            elif kind == "name":
                known.names[folded(term)].append(other)
            elif kind == "near":
                known.posts.setdefault(term, posts)
                for word, parts in parts_of.items():
                    if not parts.isdisjoint(nearby(term[1:])):
                        known.near[word].append((term[1:], posts))
    return known
