"""What is stored of each post's wording, so that two posts are compared without their texts."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

COMPARED = 160  # words; more of them did not measure better
DAY = 86_400

_COLUMNS = (
    "post_id", "post__author_id", "post__published_at", "telling__len", "words", "counts",
    "phrases", "stressed", "length",
)  # fmt: skip


@dataclass(slots=True)
class Vector:
    """One post to be compared: three kilobytes, kept packed. The telling words come first."""

    post_id: int
    author_id: int
    day: float  # when it came out, in days
    telling: int  # how many of the words
    words: "array[int]"
    roots: "array[float]"  # of the counts of these words
    phrases: "array[int]"
    phrase_count: int  # of the post; further ones may have been left out
    stressed: int
    length: float


class TermVectorQuerySet(models.QuerySet["TermVector"]):
    def vectors(self, now: datetime) -> Iterator[Vector]:
        """Yield them for comparing, by post; one query. What has no date counts as of now."""
        rows = self.order_by("pk").values_list(*_COLUMNS)
        for pk, author, at, telling, words, counts, phrases, stressed, length in rows.iterator(500):
            day = (at or now).timestamp() / DAY
            roots = array("f", map(sqrt, unpacked("H", counts)[:COMPARED]))
            pairs = unpacked("i", phrases)
            yield Vector(
                pk, author, day, telling, unpacked("i", words)[:COMPARED], roots, pairs, len(pairs),
                stressed, length,
            )  # fmt: skip

    def all_words(self) -> Iterator["array[int]"]:
        """Yield every word of each post; one query."""
        for words in self.order_by().values_list("words", flat=True).iterator(500):
            yield unpacked("i", words)


class TermVector(models.Model):
    """The words and phrases of one post as numbers (see `posts.terms`), packed.

    `telling` are the words by which the post is found; `words` begin with these, the rest follows
    by weight. Phrases that are stressed come first. `length` is the vector's length (Euclid) by
    the rarities of the day it was made; `relate --all` renews it. Numbers are packed as the
    machine has them: arrays of PostgreSQL took ten times as long to write and to read.
    """

    post = models.OneToOneField(
        "posts.Post", on_delete=models.CASCADE, primary_key=True, related_name="term_vector"
    )
    telling = ArrayField(models.IntegerField())
    words = models.BinaryField()
    counts = models.BinaryField()
    phrases = models.BinaryField()
    stressed = models.PositiveSmallIntegerField()
    length = models.FloatField()

    objects: ClassVar[TermVectorQuerySet] = TermVectorQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        default_permissions = ()
        indexes = [
            # Posts that share a telling word.
            GinIndex("telling", name="posts_termvector_telling", fastupdate=False)
        ]

    def __str__(self) -> str:
        return f"The words of post {self.post_id}"


def unpacked(code: str, packed: bytes | memoryview) -> "array[int]":
    numbers = array(code)
    numbers.frombytes(packed)
    return numbers
