"""How much alike posts are, by what they say, who wrote them and when; pure arithmetic.

Words: cosine of vectors weighted sqrt(count) * inverse document frequency (Salton & Buckley 1988).
Phrases of two words count twice, by their rarity among the posts compared and not in the whole
archive: so no table of phrases is kept, and what all these posts say tells none of them apart. The
sum is raised for the same author, the more the fewer posts they wrote, and for nearness in time,
where the newer is favoured. The constants were chosen on half of a real archive's hand-made links
and hold on the other half, and with few tags, few topics or short texts: see
tests/benchmarks/test_related_quality.py.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from operator import mul

from posts.frequencies import Vocabulary
from posts.termvectors import Vector

PHRASES = 2.0  # what the phrases count beside the words
STRESS = 2  # how often a stressed phrase counts
SAME_AUTHOR = 0.5
NEAR_IN_TIME = 0.5
OLDER_DAYS = 365  # half of the nearness is gone after so long
NEWER_DAYS = 730  # and later for what is newer than the post
CITED = 0.5  # a link made by hand between the two
TWINS = 0.5  # this share of phrases in common makes two posts near-duplicates
FEWEST_PHRASES = 20  # of shorter posts nobody can tell
HEAVIEST = 16  # words


@dataclass(slots=True)
class Likeness:
    """How like one post is: the score for the order, and what of it the text alone gives."""

    vector: Vector
    score: float
    text: float

    @property
    def post_id(self) -> int:
        return self.vector.post_id


class Measure:
    """One post, ready to be compared with others."""

    def __init__(self, vector: Vector, vocabulary: Vocabulary, *, posts_by_author: int) -> None:
        self.vector = vector
        self.vocabulary = vocabulary
        pairs = zip(vector.words, vector.roots, strict=True)
        rarity = vocabulary.rarities(vector.words)
        # The other post's half of the product needs the rarity once more.
        self.words = {word: root * rarity[word] ** 2 / vector.length for word, root in pairs}
        self.phrases = frozenset(vector.phrases)
        self.phrase_weights: dict[int, float] = {}
        total = max(vocabulary.total, 2)
        share = min(posts_by_author or 1, total) / total
        self.same_author = SAME_AUTHOR * -math.log(share) / math.log(total)

    def rank(self, others: Sequence[Vector], cited: frozenset[int] = frozenset()) -> list[Likeness]:
        """Return the others by likeness, the newer first where two are equal."""
        shared = [self.phrases.intersection(other.phrases) for other in others]
        self._weigh_phrases(shared)
        found = []
        for other, phrases in zip(others, shared, strict=True):
            text = (self._words_in(other) + self._phrases_in(other, phrases)) / other.length
            score = text * self._closeness(other) * (1 + CITED * (other.post_id in cited))
            found.append(Likeness(other, score, text))
        return sorted(found, key=lambda one: (-one.score, -one.vector.day, -one.post_id))

    def shared(self, other: Vector) -> dict[int, float]:
        """Return what both say, words and phrases, each with its part in the likeness."""
        roots = zip(other.words, other.roots, strict=True)
        words = {word: self.words[word] * root for word, root in roots if word in self.words}
        phrases = self.phrases.intersection(other.phrases)
        return {phrase: self.phrase_weights.get(phrase, 0.0) for phrase in phrases} | words

    def _weigh_phrases(self, shared: Sequence[frozenset[int]]) -> None:
        spread = Counter(chain.from_iterable(shared))
        most = math.log(len(shared) + 2)
        stressed = frozenset(self.vector.phrases[: self.vector.stressed])
        for phrase, posts in spread.items():
            stress = STRESS if phrase in stressed else 1
            weight = PHRASES * (most - math.log(posts + 1)) ** 2 / self.vector.length
            self.phrase_weights[phrase] = weight * stress

    def _words_in(self, other: Vector) -> float:
        weights = map(self.words.get, other.words, repeat(0.0))
        said: float = sum(map(mul, weights, other.roots))  # No loop of Python's: half of all time.
        return said

    def _phrases_in(self, other: Vector, phrases: frozenset[int]) -> float:
        weights = self.phrase_weights
        stressed = phrases.intersection(other.phrases[: other.stressed])
        said = sum(weights[phrase] for phrase in phrases)
        return said + (STRESS - 1) * sum(weights[phrase] for phrase in stressed)

    def _closeness(self, other: Vector) -> float:
        by_author = self.same_author * (other.author_id == self.vector.author_id)
        return (1 + by_author) * (1 + NEAR_IN_TIME / (1 + self._distance(other)))

    def _distance(self, other: Vector) -> float:
        days = other.day - self.vector.day
        return days / NEWER_DAYS if days > 0 else -days / OLDER_DAYS


def are_twins(one: Vector, other: Vector) -> bool:
    """Return whether two posts are nearly the same text: half of all their phrases are in both.

    That is the resemblance of their shingles (Broder 1997), with phrases for shingles. Texts so
    alike share telling words too, which is quicker to see.
    """
    fewer, more = sorted([one.phrase_count, other.phrase_count])
    if fewer < FEWEST_PHRASES or fewer < TWINS * more:
        return False
    if not set(one.words[:HEAVIEST]).intersection(other.words[:HEAVIEST]):
        return False
    both = len(set(one.phrases).intersection(other.phrases))
    return both >= TWINS * (fewer + more - both)
