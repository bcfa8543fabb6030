"""What suggesting tags while typing costs: `pytest -m benchmark -s`."""

import random
import statistics
import time

import pytest
from django.urls import reverse

from posts import search
from posts.models import Post, Tag, TagAlias, TaggedPost
from tests.factories import make_author, make_post, make_staff

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]

TAGS, WORDS, POSTS, MOST_MS = 5_000, 10_000, 1_000, 150
RNG = random.Random(7)  # noqa: S311 (no secret)
VOCABULARY = [f"{a}{b}" for a in ("pro", "sen", "cus", "re", "co") for b in range(800)]


def words(number: int) -> str:
    return " ".join(RNG.choices(VOCABULARY, k=number))


def fill() -> None:
    tags = Tag.objects.bulk_create(
        Tag(name=f"{words(1 + n % 4)} {n}", slug=f"t-{n}") for n in range(TAGS)
    )
    TagAlias.objects.bulk_create(TagAlias(tag=tag, name=f"T{tag.pk}") for tag in tags[:2_000])
    author = make_author()
    posts = [make_post(author=author, body=f"<p>{words(300)}</p>") for _ in range(POSTS)]
    TaggedPost.objects.bulk_create(
        TaggedPost(tag=tags[n % 50], content_object=post) for n, post in enumerate(posts)
    )
    search.index([post.pk for post in posts])


def test_suggestions_for_a_long_text_among_thousands_of_tags(client, capsys):
    fill()
    client.force_login(make_staff())
    names = " ".join(Tag.objects.values_list("name", flat=True)[:200])
    typed = {"title": words(8), "body": f"<p>{words(WORDS)}</p><p>{names}</p>"}
    times = []
    for _ in range(10):
        started = time.perf_counter()
        answer = client.post(reverse("admin:posts_post_suggestions"), typed)
        times.append((time.perf_counter() - started) * 1000)
    assert answer.json()["suggestions"]
    with capsys.disabled():
        print(f"\nsuggestions, {TAGS} tags, {WORDS} words: {statistics.median(times):.0f} ms")
    assert statistics.median(times) <= MOST_MS
    assert Post.objects.count() == POSTS
