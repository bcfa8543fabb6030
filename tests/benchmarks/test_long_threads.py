"""What a long thread costs: `pytest -m benchmark tests/benchmarks/test_long_threads.py -s`.

Posts with fifty and with five thousand comments, in several shapes, side by side in one database;
their pages are asked for in turn, so that whatever slows the machine slows both. The cost is
processor time, of Python and of the Postgres process that answers it, as a median. Both pages show
fifty threads, as many answers as there are or as fit.
"""

import statistics
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from comments.models import Comment
from posts.models import Post
from tests.benchmarks.test_growth import cost_ms
from tests.factories import make_post, make_posts

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

FEW, MANY, ROUNDS = 50, 5_000, 60
MOST = 1.2
START = timezone.now() - timedelta(days=300)
TEXT = "<p>We ran one of these contracts for four years, and the cohort moved twice.</p>"


def test_a_post_with_five_thousand_comments_costs_what_one_with_fifty_does(capsys):
    make_posts(20)
    pairs = {
        "fifty threads, or 5,000": (flat(FEW), flat(MANY)),
        "threads with two answers each": (answered(FEW, 2), answered(MANY, 2)),
        "5,000 answers to one": (one_thread(FEW), one_thread(MANY)),
        "4,950 unseen spam before them": (flat(FEW), spammed(FEW, MANY - FEW)),
    }
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    ratios = {}
    with capsys.disabled():
        print(f"\n{'':34}{FEW:>6}{MANY:>14} comments   ratio   in Postgres")
        for name, pair in pairs.items():
            ratios[name] = measured(name, [f"/{post.slug}/" for post in pair])
        last = f"/{pairs['fifty threads, or 5,000'][1].slug}/comments/page/100/"
        measured("page 2, or the last of 100", [last.replace("page/100", "page/2"), last])
    assert {name: ratio for name, ratio in ratios.items() if ratio > MOST} == {}


def measured(name: str, paths: list[str]) -> float:
    """Print and return the ratio of the medians."""
    costs: list[list[tuple[float, float]]] = [[], []]
    client = Client()
    for number in range(ROUNDS + 10):
        for path, found in zip(paths, costs, strict=True):
            Post.objects.filter(slug=path.split("/")[1]).update(is_mailed=True)  # No kept page.
            cost = cost_ms(client, path)
            if number >= 10:
                found.append(cost)
    few, many = (statistics.median(sum(cost) for cost in found) for found in costs)
    inside = [statistics.median(cost[1] for cost in found) for found in costs]
    print(f"{name:34}{few:>6.2f} ms{many:>8.2f} ms{many / few:>16.2f}"
          f"{inside[0]:>8.2f} → {inside[1]:.2f} ms", flush=True)  # fmt: skip
    return many / few


def said(post: Post, number: int, **values: object) -> list[Comment]:
    rows = [
        Comment(**{"post": post, "name": f"Reader {place}", "body": "Words", "body_html": TEXT,
                   "state": "published", "created_at": START + timedelta(minutes=place)} | values)
        for place in range(number)
    ]  # fmt: skip
    return Comment.objects.bulk_create(rows)


def flat(number: int) -> Post:
    post = make_post()
    said(post, number)
    return post


def answered(number: int, each: int) -> Post:
    """Return a post with a third of its comments as threads, and so many answers to each."""
    post = make_post()
    roots = said(post, max(50, number // (each + 1)))
    for _ in range(each):
        Comment.objects.bulk_create(
            Comment(post=post, parent=root, depth=1, name="A", body="Words", body_html=TEXT,
                    state="published", created_at=START + timedelta(days=100))
            for root in roots
        )  # fmt: skip
    return post


def one_thread(number: int) -> Post:
    post = make_post()
    (root,) = said(post, 1)
    said(post, number - 1, parent=root, depth=1)
    return post


def spammed(number: int, spam: int) -> Post:
    post = make_post()
    said(post, spam, state="spam", created_at=START - timedelta(days=1))
    said(post, number)
    return post
