"""What computing related posts costs as the archive grows: `pytest -m benchmark -s`.

Posts of six hundred words, their vocabulary like Zipf's law, a third of each text about one of a
hundred subjects; three tags each, the largest on a third of all posts.
"""

import os
import random
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate, islice
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from posts import relatedness
from posts.models import Author, Post, Tag, TaggedPost
from tests.factories import make_author

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

RNG = random.Random(7)  # noqa: S311 (no secret)
WORDS, SUBJECTS, TAGS, LENGTH = 60_000, 100, 300, 600
SYLLABLES = ("ba", "cor", "den", "fi", "gul", "ha", "jor", "ki", "lam", "mo", "nev", "pra", "ro",
             "sut", "ti", "vel", "wa", "zon")  # fmt: skip
BATCH, NEW = 2_000, 10
MOST_MS = {1_000: 200, 10_000: 200, 100_000: 2_000}  # for a new post
MOST_SECONDS = {10_000: 180}  # for the whole archive
WHOLE = 10_000  # the largest archive that is related whole
NEAR_LINEAR = 2.0  # the time for one post may grow so much with ten times the posts

costs: dict[int, float] = {}


def word(number: int) -> str:
    """Return a word that no other number has; common ones are short, as in English."""
    said = ""
    while number or not said:
        number, syllable = divmod(number, len(SYLLABLES))
        said += SYLLABLES[syllable]
    return said


VOCABULARY = [word(number) for number in range(WORDS)]
ZIPF = list(accumulate(1 / (rank + 10) for rank in range(WORDS)))
TAG_ZIPF = list(accumulate(1 / (rank + 1) for rank in range(TAGS)))


def texts(subjects: list[list[str]]) -> Iterator[str]:
    while True:
        said = RNG.choices(VOCABULARY, cum_weights=ZIPF, k=LENGTH * 2 // 3)
        said += RNG.choices(RNG.choice(subjects), k=LENGTH // 3)
        RNG.shuffle(said)
        yield " ".join(said)


def fill(size: int) -> Iterator[str]:
    """Store so many posts; return more texts like theirs."""
    subjects = [RNG.sample(VOCABULARY[200:], 300) for _ in range(SUBJECTS)]
    more = texts(subjects)
    author, now = make_author(), timezone.now()
    tags = Tag.objects.bulk_create(Tag(name=f"Tag {n}", slug=f"tag-{n}") for n in range(TAGS))
    for start in range(0, size, BATCH):
        numbers = range(start, min(start + BATCH, size))
        posts = Post.objects.bulk_create(
            Post(
                title=" ".join(text.split()[:8]), slug=f"post-{number}", excerpt=text[:200],
                plain_text=text, author=author, status=Post.Status.PUBLISHED,
                published_at=now - timedelta(hours=number + 1),
            )
            for number, text in zip(numbers, islice(more, len(numbers)), strict=True)
        )  # fmt: skip
        TaggedPost.objects.bulk_create(
            TaggedPost(tag=tag, content_object=post)
            for post in posts
            for tag in dict.fromkeys(RNG.choices(tags, cum_weights=TAG_ZIPF, k=3))
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE posts_post, posts_taggedpost")
    return more


def whole_archive(size: int) -> tuple[dict[str, float], float]:
    """Relate everything; return the seconds of each step, and the most memory taken, in MB.

    Of the largest archive the words alone are read: relating it all takes half an hour.
    """
    seconds: dict[str, float] = {}
    before, most, last = resident(), 0.0, spent()
    for step in relatedness.relate_all(timezone.now()):
        if size > WHOLE and step.name == "Relating posts":
            break
        now = spent()
        seconds[step.name] = seconds.get(step.name, 0) + now - last
        last, most = now, max(most, resident() - before)
    return seconds, most


def new_posts(more: Iterator[str]) -> float:
    """Publish some more; return the milliseconds the list of one took."""
    tags = list(Tag.objects.order_by("pk")[:3])
    author = Author.objects.get()
    total = 0.0
    for number, text in enumerate(islice(more, NEW)):
        post = Post.objects.create(
            title=" ".join(text.split()[:8]), slug=f"new-{number}", author=author,
            body=f"<p>{text}</p>", status=Post.Status.PUBLISHED, published_at=timezone.now(),
        )  # fmt: skip
        post.tags.set(tags)
        started = spent()
        relatedness.relate(post.pk, with_neighbours=False)
        total += spent() - started
        assert post.relatives.count() == relatedness.KEPT
    return total / NEW * 1000


def resident() -> float:
    """Return the memory of this process in megabytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def spent() -> float:
    """Return the processor's seconds for this process and its Postgres: no noise by neighbours."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text().rpartition(")")[2].split()
    ticks = int(stat[11]) + int(stat[12])  # user and system, see proc(5)
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("size", [1_000, 10_000, 100_000])
def test_related_posts_cost_little_more_in_a_larger_archive(size, capsys):
    more = fill(size)
    seconds, memory = whole_archive(size)
    total, new = sum(seconds.values()), new_posts(more)
    steps = ", ".join(f"{name.lower()} {taken:.1f}" for name, taken in seconds.items())
    with capsys.disabled():
        print(f"\n{size:7} posts: {total:.1f} s ({steps}),")
        print(f"{total / size * 1000:.1f} ms a post, {memory:.0f} MB; a new post {new:.0f} ms")
    assert new <= MOST_MS[size]
    assert total <= MOST_SECONDS.get(size, total)
    if size <= WHOLE:
        costs[size] = total / size
        assert total / size <= NEAR_LINEAR * costs.get(size // 10, total)
