"""Where imported posts and topics are found: the blog's addresses as far as they can be."""

import pytest

from pbrsite.wordpress import writing
from posts.models import Post, Redirect, Tag
from tests.factories import make_post
from tests.pbrsite.wordpress.exports import (
    category,
    item,
    notes,
    tag,
)

pytestmark = pytest.mark.slow

PRISONS = ("category", "prison-posts", "Prisons")


def test_a_number_of_another_blog_overwrites_nothing(imported):
    imported(item(post_id=7, title="First", post_name="first"))
    report = imported(
        item(post_id=7, title="Second", post_name="second", guid="https://b.test/?p=7"),
        address="https://b.test",
    )
    assert set(Post.objects.values_list("title", "wordpress_id")) == {
        ("First", 7),
        ("Second", None),
    }
    assert writing.NUMBERLESS in notes(report)


@pytest.mark.parametrize(
    ("wanted", "slug"),
    [
        ("Peterborough-Pilot", "peterborough-pilot"),
        ("search", "search-post"),
        ("2014", "2014-post"),
        ("caf%c3%a9-society", "cafe-society"),
        ("%d7%91%d7%9c%d7%95%d7%92", "the-title"),
        ("x" * 200, "x" * 120),
        ("", "the-title"),
    ],
    ids=["letters", "reserved", "a year", "encoded", "another script", "long", "none"],
)
def test_addresses_are_kept_as_far_as_they_can_be(imported, client, wanted, slug):
    imported(item(post_name=wanted, title="The title"))
    assert Post.objects.get().slug == slug
    assert client.get(f"/{slug}/").status_code == 200


def test_a_doubled_address_is_told_and_both_posts_answer(imported, client):
    make_post(slug="taken")
    report = imported(item(post_id=1, post_name="taken"), item(post_id=2, post_name="taken"))
    assert set(Post.objects.values_list("slug", flat=True)) == {"taken", "taken-2", "taken-3"}
    assert writing.MOVED in notes(report)


@pytest.mark.parametrize(
    "old",
    ["/2014/05/06/pilot/", "/category/a/pilot/", "/blog/another-name/", "/?p=12",
     "/archives/12", "/2014/05/another-name.html", "/author/"],
)  # fmt: skip
def test_old_addresses_lead_to_the_post(imported, client, old):
    imported(item(post_id=12, post_name="pilot", link=f"https://old.example.org{old}"))
    assert client.get(old, follow=True).redirect_chain[-1][0] == "/pilot/"


def test_a_category_whose_address_differs_from_its_name_keeps_it(imported, client):
    imported(
        category("prison-posts", "Prisons", category_description="All about them"),
        tag("prisons", "Prisons"), tag("gaols", "PRISONS"),
        item(terms=[PRISONS, ("post_tag", "prisons", "Prisons")]),
    )  # fmt: skip
    found = Tag.objects.get()
    assert (found.slug, found.kind, found.description) == (
        "prison-posts",
        "theme",
        "All about them",
    )
    for old in ("/category/prison-posts/", "/tag/prisons/", "/tag/gaols/"):
        assert client.get(old, follow=True).redirect_chain[-1][0] == "/tag/prison-posts/"


def test_nothing_is_left_of_the_old_blogs_redirects_but_what_is_needed(imported):
    imported(item(post_name="pilot", link="https://old.example.org/2014/05/06/pilot/"))
    assert not Redirect.objects.exists()
