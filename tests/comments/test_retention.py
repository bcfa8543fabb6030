"""What is forgotten, and when."""

from datetime import timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from comments import retention, trust
from comments.contacts import CommentContact, NetworkKey
from comments.identities import Identity, PersonalLink
from comments.models import Comment, ModerationDecision
from comments.replies import Notice
from tests.comments.factories import approved, make_comment, make_identity, published
from tests.factories import make_staff

pytestmark = pytest.mark.django_db
NOW = timezone.now()
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("state", "days", "is_kept"),
    [
        ("spam", 29, True),
        ("spam", 31, False),
        ("held", 89, True),
        ("held", 91, False),
        ("published", 4_000, True),
        ("hidden", 4_000, True),
        ("removed", 4_000, True),
    ],
)
def test_comment_is_kept_for_its_time(state, days, is_kept):
    make_comment(state=state, created_at=NOW - days * DAY)
    retention.prune(NOW)
    assert Comment.objects.exists() == is_kept


def test_spam_is_kept_from_the_decision_on():
    make_comment(created_at=NOW - 60 * DAY)
    Comment.objects.all().mark_spam(by=make_staff(), now=NOW - 10 * DAY)
    assert retention.prune(NOW)["spam comments"] == 0


def test_old_spam_with_an_answer_is_emptied_and_keeps_its_place():
    spam = make_comment(state="spam", created_at=NOW - 60 * DAY, email="eve@example.org")
    reply = published(parent=spam)
    assert retention.prune(NOW)["spam comments"] == 1
    spam.refresh_from_db()
    assert (spam.state, spam.body) == ("erased", "")
    assert not CommentContact.objects.exists()
    assert list(Comment.objects.public_for(spam.post)) == [spam, reply]


def test_address_goes_a_year_after_its_last_comment():
    published(email="old@example.org", created_at=NOW - 400 * DAY)
    published(email="back@example.org", created_at=NOW - 400 * DAY)
    published(email="back@example.org", created_at=NOW - 10 * DAY)
    assert retention.prune(NOW)["contacts"] == 1
    emails = CommentContact.objects.values_list("email", flat=True)
    assert set(emails) == {"back@example.org"}


def test_network_goes_after_thirty_days_and_its_key_with_the_month():
    mark = {"network": "192.0.2.0/24"}
    published(email="a@example.org", contact=mark, created_at=NOW - 31 * DAY)
    assert retention.prune(NOW)["network marks"] == 1
    assert CommentContact.objects.get().network == ""
    assert not NetworkKey.objects.exists()


def test_log_goes_after_three_years():
    make_comment()
    Comment.objects.all().approve(by=make_staff(), now=NOW - 1_100 * DAY)
    assert retention.prune(NOW)["moderation log lines"] == 1
    assert not ModerationDecision.objects.exists()


def test_moderators_are_reminded_before_the_undecided_go():
    make_comment(created_at=NOW - 70 * DAY)
    retention.prune(NOW)
    assert not ProcrastinateJob.objects.exists()
    retention.prune(NOW + 15 * DAY)
    assert ProcrastinateJob.objects.count() == 1


def test_second_prune_finds_nothing_left():
    make_comment(state="spam", created_at=NOW - 60 * DAY)
    published(email="old@example.org", created_at=NOW - 400 * DAY)
    retention.prune(NOW)
    assert not any(retention.prune(NOW).values())


@pytest.mark.parametrize(
    ("values", "is_kept"),
    [({}, True), ({"muted_at": NOW}, False), ({"muted_at": NOW, "is_remembered": True}, True)],
    ids=["in use", "muted", "muted, but remembered"],
)
def test_address_goes_when_its_notices_are_muted(values, is_kept):
    approved(email="rita@example.org", wants_replies=True, created_at=NOW - DAY)
    make_identity("rita@example.org", **values)
    report = retention.prune(NOW)
    assert CommentContact.objects.exists() == Identity.objects.exists() == is_kept
    assert report["muted contacts"] == report["identities"] == (0 if is_kept else 1)


def test_comment_left_after_the_muting_keeps_its_address():
    make_identity("rita@example.org", muted_at=NOW - 2 * DAY)
    approved(email="rita@example.org", created_at=NOW - DAY)
    assert retention.prune(NOW)["muted contacts"] == 0


def test_identity_goes_with_its_last_comment():
    make_identity("old@example.org")
    published(email="old@example.org", created_at=NOW - 400 * DAY)
    assert retention.prune(NOW)["identities"] == 1


def test_identity_that_never_confirmed_goes_after_thirty_days():
    for days in (29, 31):
        email = f"after-{days}@example.org"
        make_identity(email, confirmed_at=None, created_at=NOW - days * DAY)
        make_comment(email=email)
    assert retention.prune(NOW)["unconfirmed identities"] == 1
    assert Identity.objects.get().email == "after-29@example.org"


def test_rejection_outlives_the_spam_it_was_about():
    rita = make_identity("rita@example.org")
    approved(email=rita.email)
    at = NOW - 31 * DAY
    approved(email=rita.email, state="spam", created_at=at, decided_at=at)
    retention.prune(NOW)
    rita.refresh_from_db()
    assert trust.record_of(rita).rejected_at == at


def test_personal_links_and_old_notices_go():
    PersonalLink.objects.create(email="a@example.org", asked_at=NOW - DAY)
    rita = make_identity("rita@example.org")
    comment = approved(email=rita.email)
    Notice.objects.create(identity=rita, about=comment, kind="reply", owed_at=NOW - 31 * DAY)
    report = retention.prune(NOW)
    assert (report["personal links"], report["reply notices"]) == (1, 1)
