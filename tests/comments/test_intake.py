"""What becomes of a valid form: one row, its state by score, and the limits on how often."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from comments.models import Comment
from comments.records import RefusalCount
from posts.models import Post
from tests.comments.factories import make_comment, published, send, signed_fields
from tests.factories import make_post

pytestmark = pytest.mark.django_db


@pytest.fixture
def post() -> Post:
    return make_post()


def test_double_submit_makes_one_comment(client, post):
    fields = signed_fields(post)
    answers = [client.post(f"/{post.slug}/comments/", fields) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert Comment.objects.count() == 1


def test_one_cached_form_serves_two_readers(client, post):
    fields = signed_fields(post)
    client.post(f"/{post.slug}/comments/", fields)
    client.post(f"/{post.slug}/comments/", fields | {"name": "Dora", "email": "dora@example.org"})
    assert set(Comment.objects.values_list("name", flat=True)) == {"Ben Reader", "Dora"}


def test_first_honest_comment_scores_nothing(client, post):
    send(client, post)
    comment = Comment.objects.get()
    assert (comment.score, comment.reasons) == (0, [])


def test_filled_trap_is_a_reason_and_the_comment_is_held(client, post):
    response = send(client, post, url="http://pills.test")
    comment = Comment.objects.get()
    assert response.status_code == 303
    assert (comment.state, comment.score) == ("held", 50)


def test_form_sent_at_once_is_a_reason(client, post):
    page = client.get(f"/{post.slug}/comments/")
    token = page.context["form"].render_token
    send(client, post, rendered=token)
    assert Comment.objects.get().reasons[0]["code"] == "haste"


def test_fields_without_our_form_are_held_with_a_reason(client, post):
    fields = {"name": "Ben", "email": "ben@example.org", "body": "By hand."}
    assert client.post(f"/{post.slug}/comments/", fields).status_code == 303
    comment = Comment.objects.get()
    assert (comment.state, comment.reasons[0]["code"]) == ("held", "unsigned")


def test_form_of_yesterday_is_handed_back_with_the_text_and_a_fresh_token(client, post):
    fields = signed_fields(post, body="Kept overnight.")
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        page = client.post(f"/{post.slug}/comments/", fields)
        fields["rendered"] = page.context["form"].render_token
        again = client.post(f"/{post.slug}/comments/", fields)
    assert page.status_code == 422
    assert b"Kept overnight." in page.content
    assert again.status_code == 303


def test_token_of_another_post_is_handed_back(client, post):
    token = signed_fields(make_post())["rendered"]
    assert send(client, post, rendered=token).status_code == 422


def test_forged_token_is_handed_back(client, post):
    assert send(client, post, rendered="x" * 10_000).status_code == 422


def test_plain_spam_gets_the_same_answer_and_is_kept_apart(client, post):
    links = " ".join(f"http://pills-{number}.test" for number in range(2))
    response = send(client, post, body=f"Buy cheap {links}")
    assert response["Location"] == f"/{post.slug}/comments/received/"
    assert Comment.objects.get().state == "spam"


def test_worst_spam_gets_the_same_answer_and_is_only_counted(client, post):
    links = " ".join(f"http://192.0.2.{number}/" for number in range(8))
    response = send(client, post, body=links, name="www.pills.test")
    assert response["Location"] == f"/{post.slug}/comments/received/"
    assert not Comment.objects.exists()
    assert RefusalCount.of_last_month() == 1


def test_known_spam_is_recognised(client, post):
    text = "Earn money from home with this one simple trick that banks do not like."
    make_comment(state="spam", body=text)
    send(client, post, body=text.upper())
    assert Comment.objects.get(name="Ben Reader").state == "spam"


def test_own_words_on_another_post_are_a_reason(client, post):
    text = "The same long remark left below every single post of this site."
    send(client, make_post(), body=text)
    send(client, post, body=text)
    assert [r["code"] for r in Comment.objects.get(post=post).reasons] == ["repeated"]


def test_many_comments_from_one_address_cast_a_doubt_then_are_refused(client, post):
    answers = [send(client, post, body=f"Point {number}") for number in range(21)]
    assert [answer.status_code for answer in answers] == [303] * 20 + [429]
    assert answers[-1]["Retry-After"] == "600"
    assert b"Point 20" in answers[-1].content, "the text is kept"
    codes = [bool(comment.reasons) for comment in Comment.objects.all()]
    assert codes[:5] == [False] * 5
    assert all(codes[5:])


def test_refusal_for_rate_ends_with_its_window(client, post):
    for number in range(21):
        send(client, post, body=f"Point {number}")
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        assert send(client, post, body="Later.").status_code == 303


@pytest.mark.django_db(transaction=True)
def test_answer_to_a_comment_deleted_meanwhile_comes_back_with_its_text(client):
    post = make_post()
    parent = published(post=post)

    def delete_before_the_insert(execute, sql, *args):
        if sql.startswith('INSERT INTO "comments_comment"'):
            elsewhere(lambda: Comment.objects.filter(pk=parent.pk).delete())
        return execute(sql, *args)

    with connection.execute_wrapper(delete_before_the_insert):
        answer = send(client, post, parent=parent.public_id, body="Kept words.")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Kept words." in page
    assert "is not on this page any more" in page
    assert 'name="parent" value=""' in page


def elsewhere(action: Callable[[], object]) -> None:
    """Do it on a database connection of its own."""

    def act() -> None:
        try:
            action()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(act).result(10)


@pytest.mark.django_db(transaction=True)
def test_clicks_at_the_same_moment_make_one_comment():
    post = make_post()
    fields = signed_fields(post)

    def click(_: int) -> int:
        try:
            return Client().post(f"/{post.slug}/comments/", fields).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(click, range(4))) == [303] * 4
    assert Comment.objects.count() == 1
