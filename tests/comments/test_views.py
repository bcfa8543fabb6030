"""The reader's form through the public door: every good and bad way to send a comment."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from comments.contacts import CommentContact
from comments.models import Comment
from posts.models import Post
from tests.comments.factories import make_comment, published, send, signed_fields
from tests.factories import make_post

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


def test_comment_is_held_and_its_writer_told_so(client, post):
    response = send(client, post, body="One *good* point.")
    comment = Comment.objects.get()
    assert response.status_code == 303
    assert response["Location"] == f"/{post.slug}/comments/received/"
    assert comment.state == "held"
    assert comment.body_html == "<p>One <em>good</em> point.</p>"
    told = client.get(response["Location"]).content.decode()
    assert "checked before they appear" in told
    assert f'href="/{post.slug}/#own-comments"' in told
    assert f'href="/{post.slug}/#comments"' in Client().get(response["Location"]).content.decode()


def test_address_is_kept_apart_with_the_wish_for_replies(client, post):
    send(client, post, email="Ben.Reader@Example.ORG", notify="on")
    contact = CommentContact.objects.get()
    assert (contact.email, contact.wants_replies) == ("ben.reader@example.org", True)
    assert len(contact.network) == 64, "a mark of the network, not the network"


def test_answer_keeps_its_parent(client, post):
    parent = published(post=post)
    send(client, post, parent=parent.public_id)
    assert Comment.objects.get(name="Ben Reader").parent == parent


@pytest.mark.parametrize("state", ["held", "spam", "hidden", "removed"])
def test_answer_to_an_unpublished_comment_is_handed_back(client, post, state):
    parent = make_comment(post=post, state=state)
    response = send(client, post, parent=parent.public_id, body="Kept words.")
    assert response.status_code == 422
    assert b"Kept words." in response.content
    assert parent.body.encode() not in response.content


@pytest.mark.parametrize("parent", ["nonexistent1", "1", "x" * 10_000, "\x00", "<b>"])
def test_answer_to_a_nonexistent_comment_is_handed_back(client, post, parent):
    response = send(client, post, parent=parent)
    assert response.status_code == 422
    assert not Comment.objects.exists()


def test_answer_to_another_posts_comment_is_handed_back(client, post):
    assert send(client, post, parent=published().public_id).status_code == 422


def test_answer_handed_back_is_taken_as_a_comment_of_its_own_when_sent_again(client, post):
    page = html.fromstring(send(client, post, parent="nonexistent1").content)
    fields = dict(page.get_element_by_id("comment-form").form_values())
    assert client.post(f"/{post.slug}/comments/", fields).status_code == 303
    assert Comment.objects.get().parent is None


BAD = [
    ("name", "", "Enter your name"),
    ("name", "   ", "Enter your name"),
    ("name", "x" * 81, "Shorten this to 80"),
    ("name", "Ben\r\nBcc: v@example.org", "invisible"),
    ("name", "Ben\u202egro.elpmaxe", "invisible"),
    ("email", "", "Enter an e-mail address"),
    ("email", "a@b", "Enter an e-mail address"),
    ("email", '"x y"@example.org', "Enter an e-mail address"),
    ("email", "ben@example.org\r\nBcc: v@example.org", "Enter an e-mail address"),
    ("email", "x" * 65 + "@example.org", "Enter an e-mail address"),
    ("email", "x" * 10_000 + "@example.org", "Enter an e-mail address"),
    ("email", "İ" * 60 + "@" + ("x" * 60 + ".") * 3 + "org", "Enter an e-mail address"),
    ("body", "", "Write your comment"),
    ("body", " \n ", "Write your comment"),
    ("body", "x" * 5_001, "Shorten this to 5,000"),
    ("body", "nul \x00 byte", "Null characters"),
    ("body", "lone \ufffd", "damaged"),
    ("body", "Z" + "\u0301" * 40, "accents"),
    ("body", "over \u202e ride", "invisible"),
]


@pytest.mark.parametrize(("field", "value", "message"), BAD)
def test_bad_field_is_handed_back_with_the_text(client, post, field, value, message):
    given = {"name": "Ben Reader", "body": "Kept words."} | {field: value}
    response = send(client, post, **given)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert field == "body" or b"Kept words." in response.content
    assert not Comment.objects.exists()


def test_too_long_text_is_all_still_there(client, post):
    page = html.fromstring(send(client, post, body="word " * 1_200 + "end").content)
    assert page.get_element_by_id("comment-body").text.strip().endswith("word end")


def test_error_is_named_in_a_focused_summary_and_tied_to_its_field(client, post):
    page = html.fromstring(send(client, post, email="nonsense").content)
    (summary,) = page.find_class("error-summary")
    (link,) = summary.iterlinks()
    field = page.get_element_by_id(link[2].removeprefix("#"))
    assert summary.get("autofocus") is not None
    assert summary.get("tabindex") == "-1"
    assert field.get("name") == "email"
    described = [page.get_element_by_id(name) for name in field.get("aria-describedby").split()]
    assert any("Enter an e-mail address" in part.text_content() for part in described)


@pytest.mark.parametrize(
    "data", [b"name=%FF&email=a%40example.org&body=%ED%A0%80", b"body[]=x", b""]
)
def test_damaged_form_data_is_handed_back(client, post, data):
    response = client.post(
        f"/{post.slug}/comments/", data, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 422


def test_json_is_no_form(client, post):
    response = client.post(f"/{post.slug}/comments/", "{}", content_type="application/json")
    assert response.status_code == 422


def test_megabyte_is_refused_unread(client, post):
    response = send(client, post, body="x" * 1_000_000)
    assert response.status_code == 413
    assert b"Back button" in response.content


def test_longest_allowed_text_in_the_widest_script_is_taken(client, post):
    assert send(client, post, body="𝒳" * 5_000).status_code == 303


def test_draft_takes_no_comment(client):
    draft = make_post(status=Post.Status.DRAFT)
    assert send(client, draft).status_code == 404
    assert client.get(f"/{draft.slug}/comments/").status_code == 404
    assert client.get(f"/{draft.slug}/comments/received/").status_code == 404


def test_scheduled_post_takes_no_comment(client):
    later = make_post(published_at=timezone.now() + timedelta(days=1))
    assert send(client, later).status_code == 404


def test_unknown_post_takes_no_comment(client):
    assert client.post("/no-such-post/comments/", {}).status_code == 404


def test_closed_post_hands_the_text_back_to_copy(client):
    closed = make_post(is_open_to_comments=False)
    response = send(client, closed, body="My <b>long</b> work.")
    assert response.status_code == 403
    assert b"My &lt;b&gt;long&lt;/b&gt; work." in response.content
    assert client.get(f"/{closed.slug}/comments/").status_code == 403


def test_form_alone_shows_what_is_answered(client, post):
    parent = published(post=post, name="Carla", body="The *question*.")
    page = client.get(f"/{post.slug}/comments/?parent={parent.public_id}").content.decode()
    assert "You are answering Carla" in page
    assert "<em>question</em>" in page
    assert f'name="parent" value="{parent.public_id}"' in page


@pytest.mark.parametrize("state", ["held", "spam", "hidden", "removed"])
def test_form_alone_does_not_show_an_unpublished_comment(client, post, state):
    parent = make_comment(post=post, state=state)
    assert client.get(f"/{post.slug}/comments/?parent={parent.public_id}").status_code == 404


@pytest.mark.parametrize("path", ["comments/", "comments/received/"])
def test_pages_stay_out_of_search_engines(client, post, path):
    assert client.get(f"/{post.slug}/{path}")["X-Robots-Tag"] == "noindex"


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused(client, post, method):
    assert getattr(client, method)(f"/{post.slug}/comments/").status_code == 405


def test_page_of_another_site_cannot_send(client, post):
    response = client.post(
        f"/{post.slug}/comments/", signed_fields(post), headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert response.status_code == 403
    assert not Comment.objects.exists()


def test_no_page_sets_a_cookie_or_carries_a_csrf_token(client, post):
    paths = [post.get_absolute_url(), f"/{post.slug}/comments/", f"/{post.slug}/comments/received/"]
    pages = [send(client, post, name=""), *[client.get(path) for path in paths]]
    for page in pages:
        assert not page.cookies
        assert b"csrfmiddlewaretoken" not in page.content
        assert "Cookie" not in page.get("Vary", "")


@pytest.mark.parametrize("parent", ["%00", "nonexistent1", "%C3%28"])
def test_a_link_to_answer_nothing_is_404(client, post, parent):
    assert client.get(f"/{post.slug}/comments/?parent={parent}").status_code == 404
