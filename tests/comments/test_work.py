"""The proof of work: it takes something off a doubtful score, and is nothing else's condition."""

import pytest

from comments import spam, work
from comments.models import Comment
from tests.comments.factories import send, signed_fields
from tests.factories import make_post

TOKEN, EMAIL = "a token", "Ben@example.org"


def test_number_found_fits_its_form_and_address_alone():
    number = work.do(token=TOKEN, email=EMAIL)
    assert work.is_done(number, token=TOKEN, email=" ben@EXAMPLE.org ")
    assert not work.is_done(number, token="another", email=EMAIL)
    assert not work.is_done(number, token=TOKEN, email="eve@example.org")


@pytest.mark.parametrize("number", ["", "x", "-1", "1" * 13, "٣", "1.5", "\x00"])
def test_what_is_no_number_is_no_work(number):
    assert not work.is_done(number, token=TOKEN, email=EMAIL)


@pytest.mark.parametrize(
    ("values", "score"),
    [({}, 0), ({"is_hasty": True}, 15), ({"crowded": ("network",)}, 25),
     ({"is_trapped": True, "is_hasty": True}, 80)],
)  # fmt: skip
def test_work_lowers_a_doubtful_score_only(values, score):
    submission = spam.Submission("Ben", "Words.", "<p>Words.</p>", is_proven_work=True, **values)
    assert spam.judge(submission).score == score


@pytest.mark.django_db
def test_work_sent_with_the_form_counts(client):
    post = make_post()
    fields = signed_fields(post, url="filled by the browser")
    number = work.do(token=fields["rendered"], email=fields["email"])
    client.post(f"/{post.slug}/comments/", fields | {"work": number})
    assert Comment.objects.get().score == 35


@pytest.mark.django_db
def test_wrong_work_is_as_good_as_none(client):
    send(client, make_post(), url="filled", work="12345")
    comment = Comment.objects.get()
    assert (comment.state, comment.score) == ("held", 50)
