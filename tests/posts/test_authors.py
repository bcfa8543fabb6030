"""Several authors of one post: the byline, the machines, their pages and the search."""

import json

import pytest
from django.urls import reverse

from posts import search
from posts.models import CoAuthor
from tests.factories import make_author, make_post, make_staff
from tests.posts.test_admin import form_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def joint():
    """Return a post by Ada, Ben and Cleo, in this order."""
    post = make_post(author=make_author(name="Ada Lark", slug="ada"))
    for place, name in [(2, "Cleo Marsh"), (1, "Ben Moor")]:
        author = make_author(name=name, slug=name.split()[0].lower())
        CoAuthor.objects.create(post=post, author=author, position=place)
    search.index([post.pk])
    return post


def test_the_byline_names_everybody_in_order(client, joint):
    page = " ".join(client.get(joint.get_absolute_url()).content.decode().split())
    assert "Ada Lark</a>, <a" in page
    assert "Ben Moor</a> and <a" in page
    assert page.index("Ben Moor") < page.index("Cleo Marsh")


@pytest.mark.parametrize("slug", ["ada", "ben", "cleo"])
def test_each_author_has_the_post_on_page_and_feed(client, joint, slug):
    assert joint.title in client.get(f"/author/{slug}/").content.decode()
    assert joint.title in client.get(f"/author/{slug}/feed/").content.decode()


def test_feeds_name_each_author_apart(client, joint):
    assert client.get("/feed/").content.decode().count("<dc:creator>") == 3
    assert client.get("/feed/atom/").content.decode().count("<author>") == 3
    assert len(json.loads(client.get("/feed/json/").content)["items"][0]["authors"]) == 3


def test_a_further_author_is_found_by_search_and_counted_as_a_click_gives(client, joint):
    other = make_post(author=make_author(name="Dora Fen", slug="dora"), title="Another")
    search.index([other.pk])
    assert client.get("/search/", {"q": "cleo marsh"}).context["total"] == 1
    facets = client.get("/search/", {"year": str(joint.published_at.year)}).context["facets"]
    authors = next(facet for facet in facets if facet["param"] == "author")
    counts = {option["label"]: option["count"] for option in authors["options"]}
    assert counts == {"Ada Lark": 1, "Ben Moor": 1, "Cleo Marsh": 1, "Dora Fen": 1}
    assert client.get("/search/", {"author": "cleo"}).context["total"] == 1


def test_a_further_author_of_a_draft_alone_is_not_public(client, joint):
    joint.withdraw()
    assert client.get("/author/cleo/").status_code == 404


def test_further_authors_cost_the_post_page_no_query(client, joint, django_assert_num_queries):
    alone = make_post(author=joint.author)
    with django_assert_num_queries(4):
        client.get(alone.get_absolute_url())
    with django_assert_num_queries(4):
        client.get(joint.get_absolute_url())


def test_an_author_is_refused_as_a_further_author_of_their_own_post(client, joint):
    client.force_login(make_staff())
    rows = {"co_authorships-TOTAL_FORMS": 1, "co_authorships-0-position": 1}
    data = form_data(joint, slug=joint.slug, **rows)
    data["co_authorships-0-author"] = joint.author_id
    page = client.post(reverse("admin:posts_post_change", args=[joint.pk]), data).content.decode()
    assert "Ada Lark is this post&#x27;s author already" in page


def test_nobody_is_named_twice_whatever_was_stored(client, joint):
    CoAuthor.objects.create(post=joint, author=joint.author)
    assert client.get(joint.get_absolute_url()).content.decode().count('rel="author">Ada Lark') == 2
