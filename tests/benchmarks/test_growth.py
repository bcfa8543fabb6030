"""What grows with the archive: `pytest -m benchmark tests/benchmarks/test_growth.py -s`.

The same page is asked for in turn from an archive of 200 posts and from one of 100,000, each a
database of its own in the same server, so that whatever slows the machine slows both. The cost is
processor time, of Python and of the Postgres process that answers it, as a median.
"""

import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from comments.models import Comment
from posts.models import Author, Post, RelatedPost, Tag
from posts.pagination import PER_PAGE
from posts.postlists import PostList
from tests.benchmarks import archive

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

FEW, MANY = 200, int(os.environ.get("BENCHMARK_POSTS", "100000"))
ROUNDS = 60
DAY = timezone.now() - timedelta(days=1000)
TAGS = 60  # so few that both archives use them all, and show them all
MOST = 1.2
SMALL = "small_archive"
DATED = 12  # posts of one day in both archives, so that both fill a page of it


def test_no_page_grows_with_the_archive(capsys):
    date_alike(archive.fill(FEW, tags=TAGS)[:DATED])
    accompany(newest())
    with small_copy() as small:
        archive.fill(MANY - FEW, tags=TAGS)
        accompany(newest())
        large = connections["default"]
        for database in (small, large):
            with using(database), connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")
        ratios = {}
        with capsys.disabled():
            print(f"\n{'':24}{FEW:>9} posts {MANY:>9} posts   ratio   in Postgres")
            for name, paths in pages(small, large).items():
                ratios[name] = measured(name, paths, small, large)
    assert {name: ratio for name, ratio in ratios.items() if ratio > MOST} == {}


def measured(name, paths, small, large) -> float:
    """Print and return the ratio of the medians."""
    costs: dict = {small: [], large: []}
    client = Client()
    for number in range(ROUNDS + 10):
        for database, path in zip((small, large), paths, strict=True):
            with using(database):
                cost = cost_ms(client, path)
            if number >= 10:
                costs[database].append(cost)
    few, many = (statistics.median(sum(cost) for cost in costs[this]) for this in (small, large))
    inside = [statistics.median(cost[1] for cost in costs[this]) for this in (small, large)]
    print(
        f"{name:24}{few:>12.2f} ms{many:>12.2f} ms{many / few:>8.2f}"
        f"{inside[0]:>8.2f} → {inside[1]:.2f} ms", flush=True,
    )  # fmt: skip
    return float(many / few)


def cost_ms(client: Client, path: str) -> tuple[float, float]:
    """Return the processor time of one request: of Python, and of Postgres."""
    started, inside = time.process_time_ns(), postgres_ns()
    response = client.get(path)
    python, postgres = time.process_time_ns() - started, postgres_ns() - inside
    assert response.status_code == 200, path
    return python / 1e6, postgres / 1e6


def postgres_ns() -> int:
    """Return how long the process behind this connection has run on a processor (Linux)."""
    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def pages(small, large) -> dict[str, tuple[str, str]]:
    """Return pairs of paths to compare: in the one archive, and in the other."""
    found = []
    for database in (small, large):
        with using(database):
            found.append(paths())
    return {name: (found[0][name], found[1][name]) for name in found[0]}


def paths() -> dict[str, str]:
    now = timezone.now()
    post = newest()[0]
    author, tag = Author.objects.get(slug="a-0"), Tag.objects.get(slug="t-0")
    home, by_author, of_tag = (
        -(-posts.count() // PER_PAGE)
        for posts in (PostList.of_all(now), PostList.of_author(author, now),
                      PostList.of_tag(tag, now))
    )  # fmt: skip
    return {
        "home": "/", "home, in the middle": f"/page/{home // 2}/", "home, last": f"/page/{home}/",
        "post": f"/{post.slug}/", "tag": "/tag/t-0/", "tag, last": f"/tag/t-0/page/{of_tag}/",
        "tag, of middling use": "/tag/t-12/", "author": "/author/a-0/",
        "author, last": f"/author/a-0/page/{by_author}/", "archive": "/archive/",
        "year": f"/{DAY:%Y}/", "month": f"/{DAY:%Y/%m}/", "day": f"/{DAY:%Y/%m/%d}/",
        "feed": "/feed/", "tag's feed": "/tag/t-0/feed/", "author's feed": "/author/a-0/feed/",
        "tags": "/tags/", "about": "/about/",
    }  # fmt: skip


def newest() -> list[Post]:
    return list(Post.objects.published().newest_first()[:6])


def date_alike(pks: list[int]) -> None:
    """Have these posts come out on one day."""
    Post.objects.filter(pk__in=pks).update(published_at=DAY)


def accompany(posts: list[Post]) -> None:
    """Give the newest post relatives and comments."""
    RelatedPost.objects.bulk_create(
        RelatedPost(post=posts[0], related=post, position=place, score=1.0)
        for place, post in enumerate(posts[1:])
    )
    Comment.objects.bulk_create(
        Comment(post=posts[0], name="N", body=f"Words {place}", state="published")
        for place in range(20)
    )


@contextmanager
def small_copy() -> Iterator:
    """Yield a connection to a copy of the database as it is now."""
    name = connection.settings_dict["NAME"]
    drop = f"DROP DATABASE IF EXISTS {SMALL} WITH (FORCE)"
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(drop)
        cursor.execute(f'CREATE DATABASE {SMALL} TEMPLATE "{name}"')
    small = connections["default"].copy()
    small.settings_dict["NAME"] = SMALL
    yield small
    small.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute(drop)


@contextmanager
def using(database) -> Iterator[None]:
    """Have the site ask that database meanwhile."""
    before = connections["default"]
    connections["default"] = database
    database.ensure_connection()
    yield
    connections["default"] = before
