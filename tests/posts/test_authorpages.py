"""An author's page: what they wrote, alone and with others, and what they write about."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from posts import search
from posts.models import CoAuthor, Post
from tests.factories import make_author, make_post, make_tag

pytestmark = pytest.mark.django_db


def write(slug: str = "ada", year: int = 2013, **values):
    at = datetime(year, 1, 1, tzinfo=settings.ZONE)
    return make_post(author=make_author(slug=slug), published_at=at, **values)


def test_topics_are_those_of_the_newest_posts_most_frequent_first(client):
    often, once = make_tag(name="Often", slug="often"), make_tag(name="Once", slug="once")
    post = write(tags=(often, once))
    make_post(author=post.author, tags=(often,))
    make_post(author=post.author, tags=(make_tag(name="Secret"),), status="draft")
    search.index(Post.objects.values_list("pk", flat=True))
    topics = client.get("/author/ada/").context["topics"]
    assert [topic["label"] for topic in topics] == ["Often", "Once"]
    assert client.get(topics[1]["url"]).context["total"] == 1


def test_a_years_count_is_what_a_click_gives_with_what_was_written_together(client):
    mine, other = write(year=2013), write("ben", year=2014)
    CoAuthor.objects.create(post=other, author=mine.author)
    make_post(author=mine.author, published_at=timezone.now() + timedelta(days=1))
    make_post(author=mine.author, published_at=other.published_at, status="withdrawn")
    search.index(Post.objects.values_list("pk", flat=True))
    context = client.get("/author/ada/").context
    assert context["post_count"] == 2
    assert [(year["label"], year["count"]) for year in context["years"]] == [
        ("2014", 1),
        ("2013", 1),
    ]
    for year in context["years"]:
        assert client.get(year["url"]).context["total"] == year["count"]


@pytest.mark.parametrize("path", ["/author/ben/", "/author/ada/page/2/", "/author/ada/page/0/"])
def test_an_author_without_public_posts_or_beyond_the_end_is_404(client, path):
    write()
    write("ben", status="draft")
    assert client.get(path).status_code == 404


def test_only_the_first_page_tells_who_the_author_is(client):
    author = write().author
    author.bio = "Worked in a prison.\n\nWrites now."
    author.save()
    for _ in range(10):
        make_post(author=author)
    first, second = (client.get(f"/author/ada/{end}").content.decode() for end in ("", "page/2/"))
    assert "<p>Writes now.</p>" in first
    assert "<p>Writes now.</p>" not in second
    assert "page 2 of 2" in second
