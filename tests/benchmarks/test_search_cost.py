"""What a search costs the database as the archive grows: `pytest -m benchmark -s`."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from posts import facets, search
from posts.models import Post, Tag, TaggedPost
from posts.questions import Question
from tests.factories import make_author

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]

FIRST, TIMES, QUERIES = 1_000, (1, 10, 10), 200
FINDING_MS, WHOLE_MS = 50, 100  # at 100,000 posts, nineteen queries of twenty
RNG = random.Random(7)  # noqa: S311 (no secret)
SYLLABLES = [f"{first}{second}" for first in "bcdfghlmnprstv" for second in "aeiou"]
MADE = ("".join(RNG.choices(SYLLABLES, k=RNG.choice((2, 3, 3, 4)))) for _ in range(40_000))
WORDS = list(dict.fromkeys(MADE))
SHARES = list(accumulate(1 / (rank + 10) for rank in range(len(WORDS))))  # Zipf, Mandelbrot

# A larger archive is the same one again: what a search reads and sorts grows, its words stay.
_AGAIN = """
INSERT INTO posts_post ({columns}, slug, feed_id)
SELECT {columns}, slug || '-' || turn || '-' || %(size)s, gen_random_uuid()
FROM posts_post, generate_series(2, %(times)s) AS turn;
INSERT INTO posts_searchentry
    (post_id, released_at, authors, tags, length, title, terms, is_counted)
SELECT copy.id, e.released_at - copy.id * interval '1 minute', e.authors, e.tags, e.length,
       e.title, e.terms, true
FROM posts_post AS copy
JOIN posts_post AS first ON first.slug = regexp_replace(copy.slug, '-\\d+-' || %(size)s || '$', '')
JOIN posts_searchentry AS e ON e.post_id = first.id WHERE copy.slug LIKE '%%-' || %(size)s;
UPDATE posts_searchterm SET posts = posts * %(times)s;
"""


def words(number: int) -> str:
    return " ".join(RNG.choices(WORDS, cum_weights=SHARES, k=number))


def fill() -> None:
    now = timezone.now()
    authors = [make_author() for _ in range(30)]
    tags = Tag.objects.bulk_create(Tag(name=f"{words(2)} {n}", slug=f"t-{n}") for n in range(300))
    posts = Post.objects.bulk_create(
        Post(
            title=words(RNG.randint(4, 9)), slug=f"p-{n}", excerpt=words(30), status="published",
            plain_text=words(int(RNG.lognormvariate(0, 0.5) * 400)), author=RNG.choice(authors),
            published_at=now - timedelta(hours=n),
        )
        for n in range(FIRST)
    )  # fmt: skip
    TaggedPost.objects.bulk_create(
        TaggedPost(tag=tag, content_object=post)
        for post in posts
        for tag in RNG.sample(tags[: 3 + post.pk % 297], k=3)
    )
    search.index(post.pk for post in posts)


def grow(times: int, size: int) -> None:
    fields = [field for field in Post._meta.concrete_fields if field.name not in {"id", "slug"}]
    columns = ", ".join(str(field.column) for field in fields if not field.unique)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL maintenance_work_mem = '512MB'")
        cursor.execute("SELECT pg_get_indexdef('posts_searchentry_terms'::regclass)")
        (definition,) = cursor.fetchone()
        cursor.execute("DROP INDEX posts_searchentry_terms")  # Built anew in half the time.
        for statement in _AGAIN.format(columns=columns).split(";\n"):
            if statement.strip() and times > 1:
                cursor.execute(statement, {"times": times, "size": str(size)})
        cursor.execute(definition)
        cursor.execute("ANALYZE posts_post; ANALYZE posts_searchentry; ANALYZE posts_searchterm")


def spent(call: Callable[..., object], *args: Any, **kwargs: Any) -> float:
    """Return the milliseconds of processor time the database spends on a call, else of any."""
    clock = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    if not clock.exists():
        started = time.perf_counter()
        call(*args, **kwargs)
        return (time.perf_counter() - started) * 1000
    before = int(clock.read_text().split()[0])
    call(*args, **kwargs)
    return (int(clock.read_text().split()[0]) - before) / 1e6


def middle_and_p95(times: list[float]) -> list[float]:
    return [sorted(times)[int(len(times) * part)] for part in (0.5, 0.95)]


def test_a_search_costs_little_whatever_the_archive_and_however_common_its_words(client, capsys):
    fill()
    log = [words(RNG.choice((1, 1, 2, 2, 3, 4))) for _ in range(QUERIES)]
    lines: list[tuple[int, list[list[float]]]] = []
    size = FIRST
    for times in TIMES:
        size *= times
        grow(times, size)
        found = [search.find(query) for query in log]
        ranking = [spent(search.find, query) for query in log]
        counting = [
            spent(facets.tally, Question(query=query), result)
            for query, result in zip(log, found, strict=True)
        ]
        page = [spent(client.get, "/search/", {"q": query}) for query in log]
        finding = [sum(pair) for pair in zip(ranking, counting, strict=True)]
        lines.append((size, [middle_and_p95(one) for one in (ranking, counting, finding, page)]))
    with capsys.disabled():
        print("\nms in the database, half of the queries and p95")
        print(f"{'posts':>7}{'ranking':>16}{'counts, facets':>16}{'both':>16}{'whole page':>16}")
        for count, costs in lines:
            print(f"{count:7,}" + "".join(f"{half:8.1f}{p95:8.1f}" for half, p95 in costs))
    assert lines[-1][0] == Post.objects.count()
    assert lines[-1][1][2][1] <= FINDING_MS
    assert lines[-1][1][3][1] <= WHOLE_MS
