"""In how many public posts each word stands: what makes a shared word rare or common.

Counted anew and not kept up row by row: a few posts more or less move no weight. `relate --all`
counts the whole archive; an archive of a few hundred posts is counted whenever it grew by a
twentieth, a larger one by the clock (see `posts.tasks.recount_words`). A word that came since
counts as the rarest, which a new subject's name is.
"""

import math
from collections.abc import Collection, Iterable, Mapping

from django.db import connection, models, transaction

GROWTH = 20  # count again when one in so many posts came or went
TOTAL = 0  # this row holds the number of posts

# What holds it keeps other writers out, not readers.
_LOCK = "LOCK TABLE posts_documentfrequency IN SHARE ROW EXCLUSIVE MODE"
_CLEAR = "DELETE FROM posts_documentfrequency"
_LOOK_UP = "SELECT word, posts FROM posts_documentfrequency WHERE word = ANY(%s::int[])"
_COPY = "COPY posts_documentfrequency (word, posts) FROM STDIN"


class DocumentFrequency(models.Model):
    """How many posts have a word, by the word's number (see `posts.terms`); from two on."""

    word = models.IntegerField(primary_key=True)
    posts = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        verbose_name_plural = "document frequencies"

    def __str__(self) -> str:
        return f"{self.word}: {self.posts}"


class Vocabulary:
    """Counts of some words, in an archive of so many posts."""

    def __init__(self, total: int, counts: Mapping[int, int]) -> None:
        self.total = total
        self.counts = counts

    @classmethod
    def of(cls, words: Collection[int]) -> "Vocabulary":
        """Look these words up; one query."""
        with connection.cursor() as cursor:
            cursor.execute(_LOOK_UP, ["{" + ",".join(map(str, {*words, TOTAL})) + "}"])
            return cls._with(cursor.fetchall())

    @classmethod
    def whole(cls) -> "Vocabulary":
        """Read all of it: some fifty megabytes for 100,000 posts."""
        return cls._with(DocumentFrequency.objects.values_list("word", "posts").iterator())

    @classmethod
    def _with(cls, rows: Iterable[tuple[int, int]]) -> "Vocabulary":
        counts = dict(rows)
        return cls(counts.pop(TOTAL, 0), counts)

    def posts(self, word: int) -> int:
        return self.counts.get(word, 1)

    def rarities(self, words: Iterable[int]) -> dict[int, float]:
        """Return the inverse document frequency of each (Spärck Jones 1972), never below zero."""
        get, total, log = self.counts.get, self.total, math.log
        return {word: log((total + 2) / min(get(word, 1), total + 1)) for word in words}


def is_stale(total: int) -> bool:
    """Return whether the archive has so many more or fewer posts than when it was counted."""
    counted = DocumentFrequency.objects.filter(word=TOTAL).values_list("posts", flat=True).first()
    return counted is None or abs(total - counted) * GROWTH > counted


def replace(counts: Mapping[int, int], total: int) -> None:
    """Store these counts in place of the old ones; words of a single post are left out."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_CLEAR)
        with cursor.copy(_COPY) as copy:
            copy.write_row((TOTAL, total))
            for word, posts in counts.items():
                if posts > 1 and word != TOTAL:
                    copy.write_row((word, posts))
