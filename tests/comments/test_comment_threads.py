"""The thread below a post."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext
from lxml import html

from comments.models import Comment
from posts.models import Post
from tests.comments.factories import make_comment, published
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db


def thread(post: Post) -> str:
    template = Template("{% load comment_threads %}{% comment_thread post %}")
    return template.render(Context({"post": post}))


def shape(element: html.HtmlElement) -> list:
    """Return the thread as nested lists of ids."""
    return [
        [item.get("id").removeprefix("comment-"), *shape(replies)]
        if (replies := item.find("ol")) is not None
        else [item.get("id").removeprefix("comment-")]
        for item in element.findall("li")
    ]


def test_replies_nest_three_deep_oldest_first():
    a = published()
    b, c = published(parent=a), published(parent=a)
    d = published(parent=b)
    e = published(post=a.post)
    page = html.fromstring(thread(a.post))
    (root,) = page.find_class("comment-list")
    expected = [[a.public_id, [b.public_id, [d.public_id]], [c.public_id]], [e.public_id]]
    assert shape(root) == expected


def test_comment_shows_name_text_and_date_in_words():
    comment = published(created_at=datetime(2026, 7, 1, 11, 5, tzinfo=UTC), body="*Yes*.")
    page = thread(comment.post)
    assert "1 comment<" in page
    assert "<em>Yes</em>" in page
    assert 'title="Wednesday 1 July 2026, 12:05">1 July 2026</time>' in page, "in London's time"


def test_edited_comment_says_so():
    comment = published(edited_at=datetime(2026, 7, 1, tzinfo=UTC))
    assert ">edited</span>" in thread(comment.post)


def test_staff_reply_wears_a_badge():
    comment = published()
    comment.reply(by=make_staff(), body="Thanks.")
    page = html.fromstring(thread(comment.post))
    assert [badge.text for badge in page.find_class("comment__badge")] == ["Editor"]


def test_each_comment_has_a_permalink_and_a_reply_link():
    comment = published()
    page = html.fromstring(thread(comment.post))
    links = [link for _, _, link, _ in page.iterlinks()]
    assert f"/{comment.post.slug}/comments/{comment.public_id}/" in links
    assert f"/{comment.post.slug}/comments/?parent={comment.public_id}" in links


@pytest.mark.parametrize("state", ["held", "spam", "hidden", "removed"])
def test_unpublished_comment_is_not_shown(state):
    comment = make_comment(state=state, name="Nobody", body="unseen words")
    page = thread(comment.post)
    assert "No comments yet" in page
    assert not any(part in page for part in ("Nobody", "unseen", comment.public_id))


def test_removed_comment_with_an_answer_leaves_a_tombstone():
    comment = published(name="Nobody", body="unseen words")
    published(parent=comment, body="An answer.")
    Comment.objects.filter(pk=comment.pk).remove(by=make_staff())
    page = thread(comment.post)
    assert "comment--tombstone" in page
    assert "An answer." in page
    assert not any(part in page for part in ("Nobody", "unseen"))


def test_hostile_name_is_text():
    comment = published(name='"><script>alert(1)</script>')
    assert "<script>alert" not in thread(comment.post)


def test_open_post_has_the_form_and_a_closed_one_says_so():
    assert 'id="comment-form"' in thread(make_post())
    closed = published(post=make_post(is_open_to_comments=False))
    page = thread(closed.post)
    assert "comment-form" not in page
    assert "Reply" not in page
    assert "closed" in page


def test_each_form_carries_a_fresh_token_for_its_own_post(client):
    first, second = make_post(), make_post()
    thread(first)
    form = html.fromstring(thread(second)).get_element_by_id("comment-form")
    fields = dict(form.form_values()) | {
        "name": "Ben",
        "email": "ben@example.org",
        "body": "Words.",
    }
    assert form.action == f"/{second.slug}/comments/"
    assert client.post(form.action, fields).status_code == 303
    assert Comment.objects.get().reasons[0]["code"] == "haste", "signed, for this post, just now"


def test_form_and_its_fields_are_labelled():
    form = html.fromstring(thread(make_post())).get_element_by_id("comment-form")
    for field in form.xpath(".//input[not(@type='hidden')] | .//textarea"):
        assert form.xpath(f".//label[@for='{field.get('id')}']"), field.get("name")
    assert form.inputs["email"].get("autocomplete") == "email"
    assert form.inputs["name"].get("autocomplete") == "name"
    assert form.find_class("honeypot")[0].get("aria-hidden") == "true"


@pytest.mark.parametrize("number", [1, 10, 40])
def test_thread_costs_one_query_whatever_its_length(number):
    post = make_post()
    last = None
    for index in range(number):
        last = published(post=post, parent=last if index % 3 else None)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        thread(post)
    assert len(queries) == 1
