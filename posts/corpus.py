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
from typing import Protocol

from posts.likeness import Measure
from posts.models import DocumentFrequency, Post, TermVector
from posts.termvectors import Vector
from posts.vocabulary import TOTAL, Vocabulary

MOST_POSTS = 4_000  # looked at, by the counts of the words
COMPARED = 200  # of them, in full


class Corpus(Protocol):
    now: datetime

    def vocabulary(self, vector: Vector) -> Vocabulary:
        """Return the counts of this post's words."""

    def posts_by(self, author_id: int) -> int:
        """Return how many public posts the author has written."""

    def sharing(self, words: Sequence[int]) -> Iterable[tuple[int, Sequence[int]]]:
        """Return the public posts with one of these among their telling words, and those words."""

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
        found = Post.objects.published(self.now).filter(term_vector__telling__overlap=[*words])
        rows = found.order_by("-pk").values_list("pk", "term_vector__telling")
        wanted = frozenset(words)
        return [(pk, [*wanted.intersection(telling)]) for pk, telling in rows[: 2 * MOST_POSTS]]

    def vectors(self, post_ids: Collection[int]) -> list[Vector]:
        public = Post.objects.published(self.now).filter(pk__in=post_ids)
        return list(TermVector.objects.filter(post__in=public).vectors(self.now))


class LoadedCorpus:
    """The whole archive in memory, read in two queries: three kilobytes for each post."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        counts = dict(DocumentFrequency.objects.values_list("word", "posts").iterator())
        self._vocabulary = Vocabulary(counts.pop(TOTAL, 0), counts)
        self._vectors: dict[int, Vector] = {}
        self._none = array("i")
        self._posts: dict[int, array[int]] = defaultdict(lambda: array("i"))
        public = Post.objects.published(now).values("pk")
        for vector in TermVector.objects.filter(post__in=public).vectors(now):
            self._vectors[vector.post_id] = vector
            for word in vector.words[: vector.telling]:
                self._posts[word].append(vector.post_id)
        self._by = Counter(vector.author_id for vector in self._vectors.values())

    def vocabulary(self, vector: Vector) -> Vocabulary:
        return self._vocabulary

    def posts_by(self, author_id: int) -> int:
        return self._by[author_id]

    def sharing(self, words: Sequence[int]) -> Iterable[tuple[int, Sequence[int]]]:
        found: dict[int, list[int]] = defaultdict(list)
        for word in words:
            for pk in self._posts.get(word, self._none)[-2 * MOST_POSTS :]:
                found[pk].append(word)
        return found.items()

    def vectors(self, post_ids: Collection[int]) -> list[Vector]:
        return [self._vectors[pk] for pk in sorted(post_ids) if pk in self._vectors]


def measure(vector: Vector, corpus: Corpus) -> Measure:
    by = corpus.posts_by(vector.author_id)
    return Measure(vector, corpus.vocabulary(vector), posts_by_author=by)


def candidates(of: Measure, corpus: Corpus) -> list[int]:
    """Return the public posts worth comparing, at most `COMPARED`, the likeliest first."""
    found = {
        pk: sum(of.words[word] for word in words) for pk, words in corpus.sharing(_looked_up(of))
    }
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
