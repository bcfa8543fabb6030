"""What topic pages and quotations cost, in processor time of Python and of Postgres: medians.

`pytest -m benchmark tests/benchmarks/test_topic_pages.py -s`
"""

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from posts import cooccurrence, snippets
from posts.models import Post, Tag
from tests.benchmarks import archive

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

POSTS = int(os.environ.get("BENCHMARK_POSTS", "20000"))
TAGS = 4_000
ROUNDS = 20
HEADLINES = """
SELECT ts_headline('english', plain_text, websearch_to_tsquery('english', %s),
    'MaxFragments=2, MaxWords=26, MinWords=12') FROM posts_post WHERE id = ANY(%s)
"""


def cost(call: Callable[[], object]) -> tuple[float, float]:
    """Return milliseconds of processor time: of Python, and of Postgres."""
    costs = []
    for _ in range(ROUNDS):
        started, inside = time.process_time_ns(), _postgres_ns()
        call()
        costs.append((time.process_time_ns() - started, _postgres_ns() - inside))
    python, postgres = (statistics.median(part) / 1e6 for part in zip(*costs[3:], strict=True))
    return python, postgres


def _postgres_ns() -> int:
    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def test_topic_pages_and_the_index_of_many_tags(capsys):
    archive.fill(POSTS, tags=TAGS)
    vacuum()
    client = Client()
    first, second, middling = (
        Tag.objects.public().get(slug=slug) for slug in ("t-0", "t-1", "t-40")
    )
    calls = {
        "topic, the largest": lambda: client.get("/tag/t-0/"),
        "topic, middling": lambda: client.get("/tag/t-40/"),
        "two topics, the largest": lambda: client.get("/tag/t-0+t-1/"),
        "two topics, last page of ten": lambda: client.get("/tag/t-0+t-1/page/10/"),
        "besides, the largest": lambda: cooccurrence.besides([first], timezone.now()),
        "besides, middling": lambda: cooccurrence.besides([middling], timezone.now()),
        "besides, two": lambda: cooccurrence.besides([first, second], timezone.now()),
        "index": lambda: client.get("/tags/"),
        "index, one letter": lambda: client.get("/tags/b/"),
    }
    with capsys.disabled():
        print(f"\n{POSTS} posts, {TAGS} tags; the largest has {first.post_count}, "
              f"the middling one {middling.post_count}")  # fmt: skip
        for name, call in calls.items():
            python, postgres = cost(call)
            print(f"{name:32}{python:8.2f} ms Python {postgres:8.2f} ms Postgres", flush=True)
    assert len(client.get("/tags/").content) < 60_000


@pytest.mark.parametrize(("characters", "ratio"), [(6_000, 1), (500_000, 10)])
def test_quoting_costs_less_than_postgres_own_headlines(characters, ratio, capsys):
    pks = archive.fill(10)
    filler = " ".join(archive.vocabulary()[:400]) + " "
    text = (filler * (characters // len(filler) + 1))[: characters // 2]
    Post.objects.filter(pk__in=pks).update(plain_text=f"{text} probation reforms {text}")
    posts = list(Post.objects.filter(pk__in=pks).for_list())
    stems = snippets.stems("probation reforms")

    def headlines() -> None:
        with connection.cursor() as cursor:
            cursor.execute(HEADLINES, ["probation reforms", pks])
            cursor.fetchall()

    ours, theirs = cost(lambda: snippets.add(posts, stems)), cost(headlines)
    with capsys.disabled():
        print(f"\nten posts of {characters:,} characters: {ours[0]:.2f} + {ours[1]:.2f} ms, "
              f"ts_headline {theirs[0]:.2f} + {theirs[1]:.2f} ms (Python + Postgres)")  # fmt: skip
    assert sum(ours) < sum(theirs) / ratio
