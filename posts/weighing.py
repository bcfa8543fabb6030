"""From what posts say to the vectors that are stored and compared."""

import math
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from posts import frequencies, terms
from posts.frequencies import Vocabulary
from posts.models import Post, TermVector
from posts.tagging import batches
from posts.terms import Wording

BATCH = 200  # texts in memory at once
MOST_WORDS = 1_000  # different ones stored of a post
MOST_PHRASES = 4_000
TELLING = 64  # words by which a post is found
NEW_WORDS = 32  # further ones that no other post had when words were last counted
STRESSED = 3  # a phrase that counts so often is in the title, or said again and again
LARGEST = 65_535  # of two bytes
_STORED = ["telling", "words", "counts", "phrases", "stressed", "length"]


def weigh(post_ids: Sequence[int], vocabulary: Vocabulary | None = None) -> Iterator[int]:
    """Store the vectors of these posts anew; yield how many at a time. Idempotent.

    Six queries for each batch, one less with the vocabulary. A post deleted meanwhile is left out.
    """
    for batch in batches([*post_ids], BATCH):
        said = terms.wordings(terms.texts(batch))
        known = vocabulary or Vocabulary.of({word for one in said for word in one.words})
        rows = [vector_of(one, known) for one in said]
        with transaction.atomic():
            here = Post.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=batch)
            pks = set(here.order_by("pk").values_list("pk", flat=True))
            TermVector.objects.bulk_create(
                [row for row in rows if row.post_id in pks],
                update_conflicts=True,
                unique_fields=["post"],
                update_fields=_STORED,
            )
        yield len(batch)


def count_words(post_ids: Sequence[int]) -> Iterator[int]:
    """Count in how many of these posts each word stands and store that; yield as it goes."""
    counts: Counter[int] = Counter()
    for batch in batches([*post_ids], BATCH):
        for one in terms.wordings(terms.texts(batch)):
            counts.update(one.words.keys())
        yield len(batch)
    frequencies.replace(counts, len(post_ids))


def recount(now: datetime) -> None:
    """Count words anew from the stored vectors: seconds for 100,000 posts, texts unread."""
    counts: Counter[int] = Counter()
    total = 0
    for words in TermVector.objects.filter(post__in=Post.objects.published(now)).all_words():
        counts.update(words)
        total += 1
    frequencies.replace(counts, total)


def unweighed(limit: int) -> list[int]:
    """Return public posts without a vector: those of an archive just imported, say."""
    posts = Post.objects.published(timezone.now()).filter(term_vector=None)
    return list(posts.order_by("pk").values_list("pk", flat=True)[:limit])


def vector_of(said: Wording, vocabulary: Vocabulary) -> TermVector:
    """Return the post's vector: word weights sqrt(count) * rarity, damped for repetition."""
    rarity = vocabulary.rarities(said.words)
    weights = {word: math.sqrt(count) * rarity[word] for word, count in said.words.items()}
    words = sorted(weights, key=lambda word: (-weights[word], word))[:MOST_WORDS]
    known = vocabulary.counts
    shared = [word for word in words if word in known]
    new = [word for word in words if word not in known]
    telling = shared[:TELLING] + new[:NEW_WORDS]
    heavy = set(telling)
    rest = [word for word in words if word not in heavy]
    phrases = sorted(said.phrases, key=lambda one: (-said.phrases[one], one))[:MOST_PHRASES]
    return TermVector(
        post_id=said.post_id,
        telling=telling,
        words=array("i", telling + rest).tobytes(),
        counts=array("H", [min(said.words[word], LARGEST) for word in telling + rest]).tobytes(),
        phrases=array("i", phrases).tobytes(),
        stressed=sum(said.phrases[one] >= STRESSED for one in phrases),
        # Words of no other post are left out: they make no post less like another.
        length=math.sqrt(sum(weights[word] ** 2 for word in shared)) or 1.0,
    )
