"""A writer sees, changes and withdraws what this browser sent; nobody else does."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from comments import ownership
from comments.contacts import CommentContact
from comments.models import Comment
from posts.models import Post
from tests.comments.factories import (
    approved,
    client_of,
    make_comment,
    make_identity,
    published,
    send,
    signed_fields,
)
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SPAM = "Buy cheap " + " ".join(f"http://pills-{number}.test" for number in range(2))
WORST = "Buy cheap " + " ".join(f"http://192.0.2.{number}/" for number in range(12))


@pytest.fixture
def post() -> Post:
    return make_post()


@pytest.fixture
def own(client, post) -> Comment:
    """Return the comment that `client` has just sent."""
    send(client, post, body="My first words.")
    return Comment.objects.get()


def path(comment: Comment) -> str:
    return f"/{comment.post.slug}/comments/{comment.public_id}/edit/"


def test_held_comment_is_seen_by_who_sent_it_and_by_nobody_else(client, post, own):
    assert b"My first words." in client.get(post.get_absolute_url()).content
    assert b"My first words." in client.get(f"/{post.slug}/comments/received/").content
    assert b"My first words." not in Client().get(post.get_absolute_url()).content
    assert b"My first words." not in Client().get(f"/{post.slug}/comments/received/").content


def test_page_with_an_own_comment_is_kept_nowhere(client, post, own, settings):
    settings.PAGE_CACHE_MB = 1
    mine = client.get(post.get_absolute_url())
    assert mine["Cache-Control"] == "private, no-store"
    assert b"My first words." in mine.content
    others = Client().get(post.get_absolute_url())
    assert b"My first words." not in others.content
    assert "ETag" not in mine


def test_cookie_is_for_one_post_and_no_script(client, post):
    cookie = send(client, post).cookies[ownership.COOKIE]
    assert cookie["path"] == post.get_absolute_url()
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert "ben" not in cookie.value


def test_cookie_of_one_post_opens_nothing_at_another(client, post, own):
    other = make_post()
    Comment.objects.filter(pk=own.pk).update(post=other)
    assert b"My first words." not in client.get(other.get_absolute_url()).content


@pytest.mark.parametrize("value", ["", "x", "WyJhIl0:1tX:forged", "\x00", "x" * 4000])
def test_forged_cookie_shows_nothing(client, post, value):
    held = make_comment(post=post, body="Not yours.")
    client.cookies[ownership.COOKIE] = value
    assert b"Not yours." not in client.get(post.get_absolute_url()).content
    assert client.get(path(held)).status_code == 404


def test_spam_looks_held_to_its_writer_and_refused_words_leave_the_same_cookie(client, post):
    send(client, post, body=SPAM)
    assert b"Waiting to be checked" in client.get(post.get_absolute_url()).content
    refused = send(Client(), post, body=WORST, name="www.pills.test")
    plain = send(Client(), post, body="Plain words.")
    assert Comment.objects.count() == 2
    sizes = {len(answer.cookies[ownership.COOKIE].value) for answer in (refused, plain)}
    assert len(sizes) == 1


def test_own_words_sent_by_somebody_else_open_nothing(client, post):
    fields = signed_fields(post, body="Seen on the page.")
    client.post(f"/{post.slug}/comments/", fields)
    thief = Client()
    thief.post(f"/{post.slug}/comments/", fields | {"email": "thief@example.org"})
    assert thief.get(path(Comment.objects.get())).status_code == 404
    late = Client()
    with time_machine.travel(timezone.now() + 2 * MINUTE):
        late.post(f"/{post.slug}/comments/", fields)
        assert late.get(path(Comment.objects.get())).status_code == 404


def test_edit_is_judged_anew_and_waits(client, own):
    assert b"My first words." in client.get(path(own)).content
    answer = client.post(path(own), {"body": "Better *words*."})
    own.refresh_from_db()
    assert answer.status_code == 303
    assert own.body_html == "<p>Better <em>words</em>.</p>"
    assert own.state == "held"
    assert own.edited_at


@pytest.mark.parametrize("words", [SPAM, WORST])
def test_edit_into_spam_is_spam(client, own, words):
    assert client.post(path(own), {"body": words}).status_code == 303
    own.refresh_from_db()
    assert own.state == "spam"


def test_edit_of_an_approved_comment_waits_again(client, own):
    Comment.objects.all().approve(by=make_staff())
    client.post(path(own), {"body": "Something nobody has seen."})
    own.refresh_from_db()
    assert (own.state, own.decided_at) == ("held", None)


def test_edit_by_a_trusted_person_stays_public_and_says_so(post):
    approved(email="rita@example.org")
    browser = client_of(make_identity("rita@example.org"))
    send(browser, post, email="rita@example.org")
    own = Comment.objects.get(post=post)
    browser.post(path(own), {"body": "Better words."})
    page = Client().get(post.get_absolute_url()).content.decode()
    assert "Better words." in page
    assert 'class="comment__edited"' in page


@pytest.mark.parametrize(("minutes", "status"), [(9, 303), (11, 403)])
def test_edit_window_is_ten_minutes_and_the_text_is_kept(client, own, minutes, status):
    with time_machine.travel(own.created_at + minutes * MINUTE):
        answer = client.post(path(own), {"body": "Late <b>words</b>."})
    assert answer.status_code == status
    assert status == 303 or b"Late &lt;b&gt;words" in answer.content


@pytest.mark.parametrize("verb", ["mark_spam", "remove"])
def test_what_staff_took_down_is_not_changed(client, own, verb):
    getattr(Comment.objects.all(), verb)(by=make_staff())
    assert client.post(path(own), {"body": "Again."}).status_code in {403, 404}
    own.refresh_from_db()
    assert own.body == "My first words."


@pytest.mark.parametrize("body", ["", " ", "x" * 5001, "nul \x00", "Z" + "\u0301" * 40])
def test_bad_edit_is_handed_back(client, own, body):
    answer = client.post(path(own), {"body": body})
    assert answer.status_code == 422
    assert b"error-summary" in answer.content


def test_many_edits_are_held_up(client, own, monkeypatch):
    monkeypatch.setattr("comments.intake.MOST_EDITS", 1)
    answers = [client.post(path(own), {"body": f"Version {n}."}) for n in range(2)]
    assert [answer.status_code for answer in answers] == [303, 429]
    assert answers[1]["Retry-After"] == "600"
    assert b"Version 1." in answers[1].content


def test_withdrawn_comment_and_its_address_are_gone(client, post, own):
    answer = client.post(path(own), {"choice": "withdraw"})
    own.refresh_from_db()
    assert answer.status_code == 200
    assert (own.state, own.name, own.body) == ("erased", "", "")
    assert not CommentContact.objects.exists()
    assert b"My first words." not in client.get(post.get_absolute_url()).content


def test_another_browser_neither_reads_changes_nor_withdraws(own):
    stranger = Client()
    for answer in (
        stranger.get(path(own)),
        stranger.post(path(own), {"body": "Mine now."}),
        stranger.post(path(own), {"choice": "withdraw"}),
    ):
        assert answer.status_code == 404
    own.refresh_from_db()
    assert own.body == "My first words."


def test_page_of_another_site_cannot_withdraw(client, own):
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(path(own), {"choice": "withdraw"}, headers=headers).status_code == 403


CASES = [("held", {}, True), ("published", {}, True), ("spam", {}, True), ("hidden", {}, False),
         ("spam", {"decided_at": timezone.now()}, False), ("removed", {}, False),
         ("published", {"is_staff": True}, False),
         ("held", {"created_at": timezone.now() - 11 * MINUTE}, False)]  # fmt: skip


@pytest.mark.parametrize(("state", "values", "expected"), CASES)
def test_editable_says_the_same_of_one_and_of_many(state, values, expected):
    now = timezone.now()
    comment = make_comment(state=state, **values)
    assert comment.is_editable(now) == expected
    assert Comment.objects.editable(now).exists() == expected


def test_reader_without_the_cookie_costs_no_query(client, post, django_assert_num_queries):
    published(post=post)
    with django_assert_num_queries(0):
        assert ownership.public_ids(client.get("/healthz").wsgi_request, post) == []
