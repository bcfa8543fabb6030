"""A post's comments as a feed."""

from datetime import timedelta

import pytest
from django.utils import timezone
from lxml import etree

from posts.models import Post
from tests.comments.factories import make_comment, published
from tests.factories import make_post

pytestmark = pytest.mark.django_db


def items(client, post: Post) -> list[etree._Element]:
    root = etree.fromstring(client.get(f"/{post.slug}/feed/").content)
    return list(root.iterfind("channel/item"))


def test_feed_holds_published_comments_newest_first(client):
    post = make_post()
    first, second = published(post=post, body="One."), published(post=post, body="Two.")
    assert [item.findtext("guid") for item in items(client, post)] == [
        second.public_id,
        first.public_id,
    ]


@pytest.mark.parametrize("state", ["held", "spam", "hidden", "removed"])
def test_unpublished_comment_is_not_in_the_feed(client, state):
    assert items(client, make_comment(state=state).post) == []


def test_item_links_to_its_comment_with_the_sites_own_address(client):
    comment = published(body="See *this*.")
    (item,) = items(client, comment.post)
    expected = f"http://testserver.test/{comment.post.slug}/comments/{comment.public_id}/"
    assert item.findtext("link") == expected
    assert item.findtext("description") == "<p>See <em>this</em>.</p>"
    assert item.find("guid").get("isPermaLink") == "false"


def test_feed_of_a_draft_or_an_unknown_post_is_not_found(client):
    draft = make_post(status=Post.Status.DRAFT)
    assert client.get(f"/{draft.slug}/feed/").status_code == 404
    assert client.get("/no-such-post/feed/").status_code == 404


@pytest.mark.parametrize("number", [5, 60])
def test_feed_costs_the_same_queries_at_any_length(client, number, django_assert_num_queries):
    post = make_post()
    for _ in range(number):
        published(post=post)
    with django_assert_num_queries(3):
        assert len(items(client, post)) == min(number, 50)


@pytest.mark.parametrize("kind", ["", "atom/", "json/"])
def test_site_feed_holds_the_newest_comments_on_public_posts(client, kind):
    comment, hidden = published(body="See *this*."), make_comment(body="held words")
    published(post=make_post(status=Post.Status.DRAFT), body="of a draft")
    page = client.get(f"/comments/feed/{kind}").content.decode()
    assert comment.public_id in page
    assert comment.get_absolute_url() in page
    assert not any(part in page for part in (hidden.public_id, "held words", "of a draft"))


@pytest.mark.parametrize("number", [1, 60])
def test_site_feed_costs_two_queries_at_any_length(client, number, django_assert_num_queries):
    posts = [make_post() for _ in range(3)]
    for place in range(number):
        published(post=posts[place % 3])
    with django_assert_num_queries(2):
        page = client.get("/comments/feed/").content
    assert len(etree.fromstring(page).findall("channel/item")) == min(number, 50)


def test_words_changed_by_the_editors_date_the_entry_anew(client):
    published(staff_edited_at=timezone.now() + timedelta(days=1))
    (item,) = client.get("/comments/feed/json/").json()["items"]
    assert item["date_modified"] > item["date_published"]
