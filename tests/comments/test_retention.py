"""What is forgotten, and when."""

from datetime import timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from comments import notices, retention
from comments.contacts import CommentContact, NetworkKey
from comments.models import Comment, ModerationDecision
from tests.comments.factories import make_comment, published
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
    comment = published(created_at=NOW - 31 * DAY)
    notices.keep_contact(comment, email="a@example.org", network="192.0.2.0/24")
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
