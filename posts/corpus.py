"""Where a post's likely relatives are looked up: in Postgres for one, in memory for the archive.

Both follow the same rule, so that they find the same posts: of the post's telling words the rarest
are looked up until they stand in `MOST_POSTS` posts together, and the `COMPARED` posts that share
the most of them by weight are compared in full. So neither a common word nor a huge tag makes the
work grow with the archive.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Protocol

from django.db import connection

from posts.frequencies import Vocabulary
from posts.likeness import Measure
from posts.models import Post, TermVector
from posts.termvectors import Vector

MOST_POSTS = 4_000  # looked at, by the counts of the words
MOST_ROWS = 16_000  # and in any case, when the counts are old
COMPARED = 150  # of them, in full
SLOTS = 1 << 24  # for counting phrases, a byte each

# One look into the index for each word; what it finds is few, since the words are rare.
_SHARING = """
SELECT word, array_agg(post_id) FROM (
    SELECT word, post_id FROM unnest(%s::int[]) AS word
    JOIN posts_termvector ON telling @> ARRAY[word] LIMIT %s) AS found
GROUP BY word
"""


class Corpus(Protocol):
    now: datetime

    def vocabulary(self, vector: Vector) -> Vocabulary:
        """Return the counts of this post's words."""

    def posts_by(self, author_id: int) -> int:
        """Return how many public posts the author has written."""

    def sharing(self, words: Sequence[int]) -> Iterable[tuple[int, Sequence[int]]]:
        """Return each word with the posts that have it among their telling ones.

        Some of them may not be public.
        """

    def vectors(self, post_ids: Collection[int]) -> list[Vector]:
        """Return the vectors of the public ones among these posts."""


class StoredCorpus:
    """The archive as Postgres has it; each method is one query."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def vocabulary(self, vector: Vector) -> Vocabulary:
        return Vocabulary.of(set(vector.words))

    def posts_by(self, author_id: int) -> int:
        return Post.objects.published(self.now).filter(author=author_id).count()

    def sharing(self, words: Sequence[int]) -> Iterable[tuple[int, Sequence[int]]]:
        with connection.cursor() as cursor:
            cursor.execute(_SHARING, [[*words], MOST_ROWS])
            rows: list[tuple[int, Sequence[int]]] = cursor.fetchall()
            return rows

    def vectors(self, post_ids: Collection[int]) -> list[Vector]:
        public = Post.objects.published(self.now).filter(pk__in=post_ids)
        return list(TermVector.objects.filter(post__in=public).vectors(self.now))


class LoadedCorpus:
    """The whole archive in memory, read in one query: two kilobytes for each post.

    Phrases of one post alone, which are most, are left out: they make no other post like it.
    """

    def __init__(self, now: datetime, vocabulary: Vocabulary) -> None:
        self.now = now
        self._vocabulary = vocabulary
        self._vectors: dict[int, Vector] = {}
        self._posts: dict[int, array[int]] = defaultdict(lambda: array("q"))
        public = set(Post.objects.published(now).values_list("pk", flat=True))
        phrases = _Seen()
        for vector in TermVector.objects.vectors(now):
            phrases.count(vector.phrases)  # Of what is not public too: it has a list of its own.
            if vector.post_id in public:
                self._vectors[vector.post_id] = vector
                for word in vector.words[: vector.telling]:
                    self._posts[word].append(vector.post_id)
        for vector in self._vectors.values():
            phrases.leave_out_lone(vector)
        self._by = Counter(vector.author_id for vector in self._vectors.values())

    def vocabulary(self, vector: Vector) -> Vocabulary:
        return self._vocabulary

    def posts_by(self, author_id: int) -> int:
        return self._by[author_id]

    def sharing(self, words: Sequence[int]) -> Iterable[tuple[int, Sequence[int]]]:
        return [(word, self._posts[word][-MOST_ROWS:]) for word in words if word in self._posts]

    def vectors(self, post_ids: Collection[int]) -> list[Vector]:
        return [self._vectors[pk] for pk in sorted(post_ids) if pk in self._vectors]


class _Seen:
    """Which phrases more than one post has, in sixteen megabytes; a few too many (Bloom 1970)."""

    def __init__(self) -> None:
        self._counts = bytearray(SLOTS)

    def count(self, phrases: Iterable[int]) -> None:
        counts = self._counts
        for slot in {phrase % SLOTS for phrase in phrases}:
            if counts[slot] < 2:
                counts[slot] += 1

    def leave_out_lone(self, vector: Vector) -> None:
        counts, stressed = self._counts, vector.stressed
        kept = [[phrase for phrase in part if counts[phrase % SLOTS] > 1]
                for part in (vector.phrases[:stressed], vector.phrases[stressed:])]  # fmt: skip
        vector.phrases, vector.stressed = array("i", kept[0] + kept[1]), len(kept[0])


def measure(vector: Vector, corpus: Corpus) -> Measure:
    by = corpus.posts_by(vector.author_id)
    return Measure(vector, corpus.vocabulary(vector), posts_by_author=by)


def candidates(of: Measure, corpus: Corpus) -> list[int]:
    """Return the public posts worth comparing, at most `COMPARED`, the likeliest first."""
    weights, found = of.words, defaultdict[int, float](float)
    # In one order, so that the sums are the same to the last bit wherever they are made.
    for word, posts in sorted(corpus.sharing(_looked_up(of)), key=itemgetter(0)):
        weight = weights[word]
        for pk in posts:
            found[pk] += weight
    found.pop(of.vector.post_id, None)
    return sorted(found, key=lambda pk: (-found[pk], -pk))[:COMPARED]


def _looked_up(of: Measure) -> list[int]:
    """Return the telling words, rarest first, that stand in `MOST_POSTS` posts together."""
    telling = of.vector.words[: of.vector.telling]
    looked_up: list[int] = []
    posts = 0
    for word in sorted(telling, key=lambda word: (of.vocabulary.posts(word), word)):
        posts += of.vocabulary.posts(word)
        if looked_up and posts > MOST_POSTS:
            break
        looked_up.append(word)
    return looked_up
