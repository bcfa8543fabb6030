"""Publishing at once: for a proven person with a record, never for who types a name."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from comments import trust
from comments.contacts import CommentContact
from comments.identities import Identity
from comments.models import Comment
from comments.spam import Record
from posts.models import Post
from tests.comments.factories import (
    approved,
    client_of,
    make_comment,
    make_identity,
    published,
    send,
)
from tests.factories import make_post

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = timedelta(days=1)
REGULAR = {"name": "Rita Regular", "email": "rita@example.org"}


@pytest.fixture
def post() -> Post:
    return make_post()


@pytest.fixture
def rita() -> Identity:
    """Return a proven person with one approved comment."""
    approved(email="rita@example.org", name="Rita Regular")
    return make_identity("rita@example.org")


def state_of(body: str = "A first comment.") -> str:
    return Comment.objects.get(body=body).state


def test_proven_person_with_a_record_appears_at_once(rita, post):
    answer = send(client_of(rita), post, **REGULAR)
    assert answer["Location"] == f"/{post.slug}/comments/received/"
    assert state_of() == "published"


def test_typing_a_regulars_name_and_address_gains_nothing(client, rita, post):
    send(client, post, **REGULAR)
    assert state_of() == "held"


def test_cookie_of_another_identity_gains_nothing(rita, post):
    approved(email="olga@example.org")
    send(client_of(make_identity("olga@example.org")), post, **REGULAR)
    assert state_of() == "held"
    assert not CommentContact.objects.get(comment__body="A first comment.").proven_at


@pytest.mark.parametrize("cookie", ["", "x", "forged:1tX:sig", "\x00", "x" * 5000])
def test_forged_cookie_gains_nothing(client, rita, post, cookie):
    client.cookies[trust.COOKIE] = cookie
    assert send(client, post, **REGULAR).status_code == 303
    assert state_of() == "held"


def test_cookie_signed_for_another_use_gains_nothing(client, rita, post):
    for token in (rita.mute_token, rita.confirm_token(is_remembered=True), rita.key):
        client.cookies[trust.COOKIE] = token
        assert trust.proven(token, rita.email) is None


def test_unconfirmed_identity_proves_nothing(rita, post):
    Identity.objects.update(confirmed_at=None)
    send(client_of(rita), post, **REGULAR)
    assert state_of() == "held"


def test_address_counts_in_any_case(rita, post):
    send(client_of(rita), post, name="Rita", email="Rita@Example.ORG")
    assert state_of() == "published"


def test_what_others_left_under_the_address_is_no_record(post):
    published(email="new@example.org", decided_at=NOW)
    make_comment(email="new@example.org", state="spam")
    assert trust.record_of(make_identity("new@example.org")) == Record()


def test_what_appeared_at_once_is_not_an_approval():
    approved(email="rita@example.org", decided_at=None)
    assert trust.record_of(make_identity("rita@example.org")).approved == 0


def test_proven_person_whose_words_score_is_held(rita, post):
    send(client_of(rita), post, **REGULAR, url="filled trap")
    assert state_of() == "held"


@pytest.mark.parametrize(
    ("record", "is_trusted"),
    [
        (None, False),
        (Record(), False),
        (Record(1), True),
        (Record(9, 1, NOW - 89 * DAY), False),
        (Record(9, 1, NOW - 90 * DAY), True),
        (Record(0, 1, NOW - 400 * DAY), False),
    ],
)
def test_trust_takes_an_approval_and_ninety_quiet_days(record, is_trusted):
    assert trust.is_trusted(record, NOW) == is_trusted


@pytest.mark.parametrize("state", ["spam", "removed"])
def test_rejection_is_remembered_after_the_comment_is_deleted(rita, state):
    at = NOW - 31 * DAY
    bad = approved(email=rita.email, state=state, decided_at=at)
    trust.keep_rejections(Comment.objects.filter(pk=bad.pk))
    bad.delete()
    rita.refresh_from_db()
    assert trust.record_of(rita).rejected_at == at


def test_reader_without_cookie_costs_no_look_at_the_identities(
    client, rita, post, django_assert_max_num_queries
):
    with django_assert_max_num_queries(40) as captured:
        send(client, post, **REGULAR)
    assert not [q for q in captured if "comments_identity" in q["sql"]]


def test_printed_identity_does_not_show_the_address(rita):
    assert "rita" not in f"{rita} {rita!r} {rita.cookie} {rita.mute_token}"
    assert Client().get("/comments/mute/" + rita.mute_token + "/").status_code == 200
