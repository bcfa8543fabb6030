"""Mail to the moderators: who gets it, how often, and what it says."""

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from comments import notices
from comments.models import Comment
from comments.records import ModeratorNotice
from tests.comments.factories import make_comment, make_moderator, published, send
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def moderator():
    return make_moderator("moderate_comment", email="rose@example.org")


def test_moderators_are_told_of_a_held_comment(client, moderator, run_jobs):
    send(client, make_post(title="Paying for outcomes"))
    run_jobs()
    (message,) = mail.outbox
    assert message.to == ["rose@example.org"]
    assert message.subject == "1 comment waits for a decision"
    for body in (message.body, html_of(message)):
        assert "Paying for outcomes" in body
        assert "http://testserver.test/admin/comments/comment/" in body


def test_spam_announces_nothing(client, moderator, run_jobs):
    send(client, make_post(), body="Buy cheap casino pills online: http://a.test http://b.test")
    assert run_jobs() == 0


def test_nobody_hears_of_a_comment_that_was_rolled_back(moderator):
    with transaction.atomic():
        notices.announce(timezone.now())
        transaction.set_rollback(True)
    assert not ProcrastinateJob.objects.exists()


def test_many_comments_at_once_wait_for_one_job(client, moderator, run_jobs):
    post = make_post()
    for number in range(3):
        send(client, post, body=f"Point {number}")
    assert run_jobs() == 1
    assert [message.subject for message in mail.outbox] == ["3 comments wait for a decision"]


def test_next_mail_waits_a_quarter_of_an_hour(client, moderator, run_jobs):
    post = make_post()
    send(client, post)
    run_jobs()
    send(client, post, body="A second one.")
    sent_at = ModeratorNotice.objects.get().sent_at
    job = ProcrastinateJob.objects.get(status="todo")
    assert job.scheduled_at == sent_at + timedelta(minutes=15)
    with time_machine.travel(job.scheduled_at):
        run_jobs()
    assert len(mail.outbox) == 2


def test_job_that_comes_too_early_puts_itself_off(moderator):
    make_comment()
    now = timezone.now()
    assert notices.tell_moderators(now) == 1
    assert notices.tell_moderators(now + timedelta(minutes=14)) == 0
    assert ProcrastinateJob.objects.get().scheduled_at == now + timedelta(minutes=15)


def test_nothing_is_mailed_when_nothing_waits_any_more(moderator):
    Comment.objects.all().approve(by=moderator)
    assert notices.tell_moderators(timezone.now()) == 0
    assert not ModeratorNotice.objects.exists()


def test_mail_that_fails_is_tried_again(moderator):
    make_comment()
    now = timezone.now()
    failure = mock.patch(
        "django.core.mail.backends.locmem.EmailBackend.send_messages",
        side_effect=SMTPServerDisconnected,
    )
    with failure, pytest.raises(SMTPServerDisconnected):
        notices.tell_moderators(now)
    assert notices.tell_moderators(now) == 1


@pytest.mark.parametrize(
    ("values", "permissions", "is_told"),
    [
        ({"email": "a@example.org"}, ["moderate_comment"], True),
        ({"email": "a@example.org"}, ["delete_comment"], False),
        ({"email": ""}, ["moderate_comment"], False),
        ({"email": "a@example.org", "is_active": False}, ["moderate_comment"], False),
        ({"email": "a@example.org", "is_staff": False}, ["moderate_comment"], False),
    ],
)
def test_only_working_moderators_with_an_address_are_told(values, permissions, is_told):
    make_moderator(*permissions, **values)
    make_comment()
    assert notices.tell_moderators(timezone.now()) == is_told


def test_superuser_is_a_moderator():
    make_staff(email="chief@example.org")
    make_comment()
    assert notices.tell_moderators(timezone.now()) == 1


def test_mail_offers_no_link_that_decides(moderator):
    comment = make_comment(body="See http://pills.test <b>now</b>", name="Eve <i>x</i>")
    notices.tell_moderators(timezone.now())
    markup = html_of(mail.outbox[0])
    assert str(comment.pk) not in [part for part in markup.split("/") if part.isdigit()]
    assert 'href="http://pills.test' not in markup
    assert "<b>now" not in markup
    assert "<i>x" not in markup


def test_mail_shows_ten_and_counts_the_rest(moderator):
    for number in range(12):
        make_comment(body=f"Point {number}.")
    notices.tell_moderators(timezone.now())
    body = mail.outbox[0].body
    assert "Point 9." in body
    assert "Point 10." not in body
    assert "And 2 more." in body


def test_mail_warns_before_the_undecided_go(moderator):
    make_comment(created_at=timezone.now() - timedelta(days=81))
    notices.tell_moderators(timezone.now())
    assert "deleted within ten days" in mail.outbox[0].body


def test_comments_of_one_address_are_found_however_it_is_written():
    comment = make_comment(email="Ben@Example.org")
    published(email="dora@example.org")
    assert list(notices.comments_from("BEN@example.org")) == [comment]


def html_of(message: Any) -> str:
    return str(message.alternatives[0].content)
