"""Every bad way to send a comment, each with the answer it gets: in words, and never a 500."""

from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from lxml import html

from comments.models import Comment
from posts.models import Post
from tests.comments.factories import make_comment, published, signed_fields
from tests.factories import make_post

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
MXSS = '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=x>">'

# What is sent as the text, the answer, and whether a comment is stored (held or as spam).
TEXTS = [
    ("> " * 100_000, 413, False),
    (">" * 5_000, 303, True),
    ("*" * 5_000, 303, True),
    ("[" * 5_000, 303, True),
    ("[](" * 1_600, 303, True),
    ("- " * 2_500, 303, True),
    ("`" * 5_000, 303, True),
    ("x" * 1_000_000, 413, False),
    ("x" * 5_001, 422, False),
    ("nul \x00", 422, False),
    ("Z" + "\u0301" * 40, 422, False),
    ("over \u202e ride", 422, False),
    ("vertical \x0b tab", 422, False),
    ("[x](javascript:alert(1))", 303, True),
    ("[x](java\tscript:alert(1))", 303, True),
    ("[x](data:text/html;base64,PHNjcmlwdD4=)", 303, True),
    ("[x](//evil.example)", 303, True),
    ("[x](http://аррӏе.com)", 303, True),
    (MXSS, 303, True),
    ("<script>alert(1)</script>", 303, True),
]


@pytest.fixture
def post() -> Post:
    return make_post()


@pytest.mark.parametrize(("text", "status", "is_stored"), TEXTS)
def test_text_gets_its_answer_and_does_no_harm(client, post, text, status, is_stored):
    answer = client.post(f"/{post.slug}/comments/", signed_fields(post, body=text))
    assert answer.status_code == status
    stored = list(Comment.objects.all())
    assert bool(stored) is is_stored
    for comment in stored:
        assert comment.state in {"held", "spam"}
        assert all(
            element.tag in {"p", "br", "a", "em", "strong", "blockquote", "code", "pre", "ul",
                            "ol", "li", "div"}
            and not {"onerror", "style", "src"} & set(element.attrib)
            and element.get("href", "http").startswith("http")
            for element in html.fromstring(f"<div>{comment.body_html}</div>").iter()
        )  # fmt: skip


# The body as a browser would never send it.
BODIES = [
    (b"name=%FF&email=a%40example.org&body=%ED%A0%80", 422),
    (b"name=A&email=a%40example.org&body=%C3%28", 422),
    (b"body[]=x", 422),
    (b"", 422),
    (b"&".join([b"body=x"] * 900), 422),
    (b"%", 422),
]


@pytest.mark.parametrize(("body", "status"), BODIES)
def test_damaged_form_is_handed_back(client, post, body, status):
    answer = client.post(f"/{post.slug}/comments/", body, content_type=FORM)
    assert answer.status_code == status
    assert not Comment.objects.exists()


def test_more_fields_than_any_form_has_is_refused(client, post):
    body = b"&".join(b"f%d=x" % number for number in range(2_000))
    assert client.post(f"/{post.slug}/comments/", body, content_type=FORM).status_code == 400


@pytest.mark.parametrize("name", ["Ben\r\nBcc: eve@example.org", "Ben\nX: y", "Ben\u2028X", "\x00"])
def test_header_in_the_name_is_handed_back_with_the_text(client, post, name):
    fields = signed_fields(post, name=name, body="Kept words.")
    answer = client.post(f"/{post.slug}/comments/", fields)
    assert answer.status_code == 422
    assert b"Kept words." in answer.content
    assert not Comment.objects.exists()


def test_no_answer_can_be_its_own_parent_or_its_childs(client, post):
    """Nobody knows the id of what is not stored yet: what can be sent is an answer to one's own.

    That is an answer like any, one level down; a row that answers itself Postgres refuses.
    """
    first = published(post=post)
    second = published(post=post, parent=first)
    fields = signed_fields(post, parent=second.public_id, body="To my own answer.")
    assert client.post(f"/{post.slug}/comments/", fields).status_code == 303
    assert Comment.objects.get(body="To my own answer.").parent == second
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for above in (first, second):
        with pytest.raises(IntegrityError), transaction.atomic():
            Comment.objects.filter(pk=first.pk).update(parent=above, depth=1)


PARENTS = [
    ("of another post", lambda post: published().public_id),
    ("removed", lambda post: make_comment(post=post, state="removed").public_id),
    ("held", lambda post: make_comment(post=post).public_id),
    ("nonexistent", lambda post: "nonexistent1"),
    ("a number", lambda post: str(published(post=post).pk)),
    ("an empty list", lambda post: "[]"),
]


@pytest.mark.parametrize("parent", [one for _, one in PARENTS], ids=[name for name, _ in PARENTS])
def test_answer_to_what_cannot_be_answered_is_handed_back(client, post, parent):
    fields = signed_fields(post, parent=parent(post), body="Kept words.")
    answer = client.post(f"/{post.slug}/comments/", fields)
    assert answer.status_code == 422
    assert b"Kept words." in answer.content


def test_back_button_and_send_again_makes_one_comment_and_a_correction_a_second(client, post):
    fields = signed_fields(post, body="A frist thought about the report.")
    mended = fields | {"body": "A first thought about the report."}
    codes = [
        client.post(f"/{post.slug}/comments/", one).status_code for one in (fields, fields, mended)
    ]
    assert codes == [303, 303, 303]
    assert [c.score for c in Comment.objects.order_by("pk")] == [0, 40], "alike: a reason, held"


@pytest.mark.parametrize(
    ("values", "status"),
    [({"status": Post.Status.DRAFT}, 404), ({"is_open_to_comments": False}, 403)],
)
def test_post_that_takes_no_comment_says_so(client, values, status):
    post = make_post(**values)
    answer = client.post(f"/{post.slug}/comments/", signed_fields(post, body="Kept words."))
    assert answer.status_code == status
    assert status == 404 or b"Kept words." in answer.content


def test_expired_token_hands_the_text_back(client, post):
    fields = signed_fields(post, body="Kept words.")
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        answer = client.post(f"/{post.slug}/comments/", fields)
    assert answer.status_code == 422
    assert b"Kept words." in answer.content


def test_page_of_another_site_is_refused(client, post):
    answer = client.post(f"/{post.slug}/comments/", urlencode(signed_fields(post)),
                         content_type=FORM, headers={"Origin": "https://evil.example"})  # fmt: skip
    assert answer.status_code == 403
    assert not Comment.objects.exists()
