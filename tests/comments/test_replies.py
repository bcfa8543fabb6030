"""Who is told of what, when, how often, and how it is stopped."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any
from unittest import mock

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from comments import dossiers, replies
from comments.contacts import CommentContact
from comments.identities import Identity
from comments.models import Comment
from comments.replies import Notice
from pbrsite.mail import MailNotSent
from tests.comments.factories import (
    approved,
    client_of,
    make_comment,
    make_identity,
    published,
    send,
)
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db
NOW = timezone.now()
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def rita() -> Identity:
    return make_identity("rita@example.org")


@pytest.fixture
def asked(rita) -> Comment:
    """Return a published comment whose proven writer wants to hear of replies."""
    return approved(email=rita.email, wants_replies=True, post=make_post(title="Prisons"))


def answer(to: Comment, **values: Any) -> Comment:
    """Return an approved answer to a comment."""
    held = make_comment(parent=to, **{"name": "Ann", "body": "I agree with you."} | values)
    Comment.objects.filter(pk=held.pk).approve(by=make_staff(), now=NOW)
    return held


def test_reply_is_told_of_after_it_is_published(asked, run_jobs):
    held = make_comment(parent=asked, name="Ann", body="I agree.", email="ann@example.org")
    run_jobs()
    assert not mail.outbox
    Comment.objects.filter(pk=held.pk).approve(by=make_staff())
    run_jobs()
    message: Any = mail.outbox[0]
    assert message.to == ["rita@example.org"]
    assert message.subject == "A reply to your comment on “Prisons”"
    for body in (str(message.body), str(message.alternatives[0].content)):
        assert "Ann replied" in body
        assert f"http://testserver.test{held.get_absolute_url()}" in body
        assert "@example.org" not in body


def test_publication_is_told_of(client, rita, run_jobs):
    send(client_of(rita), make_post(title="Prisons"), email=rita.email, notify="on")
    Comment.objects.all().approve(by=make_staff())
    run_jobs()
    assert [m.subject for m in mail.outbox] == ["Your comment on “Prisons” is published"]


def test_reply_by_staff_is_told_of(asked, run_jobs):
    asked.reply(by=make_staff(), body="Thank you.")
    run_jobs()
    assert "Thank you." in str(mail.outbox[0].body)


def test_words_nobody_has_read_are_in_no_mail(asked, run_jobs):
    approved(email="ann@example.org")
    ann = make_identity("ann@example.org")
    fields = {"name": "Ann Unread", "email": "ann@example.org", "parent": asked.public_id}
    send(client_of(ann), asked.post, body="Unread words.", **fields)
    assert Comment.objects.get(body="Unread words.").state == "published"
    run_jobs()
    assert len(mail.outbox) == 1
    assert "Unread" not in mail.outbox[0].message().as_string() + str(mail.outbox[0].body)


@pytest.mark.parametrize(
    ("contact", "identity"),
    [
        ({"wants_replies": False, "is_proven": True}, {}),
        ({"wants_replies": True, "is_proven": False}, {}),
        ({"wants_replies": True, "is_proven": True}, {"muted_at": NOW}),
        ({"wants_replies": True, "is_proven": True}, {"confirmed_at": None}),
    ],
    ids=["not asked for", "typed by somebody", "muted", "not confirmed"],
)
def test_nobody_is_mailed_without_wish_and_proof(contact, identity, run_jobs):
    make_identity("rita@example.org", **identity)
    answer(published(email="rita@example.org", contact=contact))
    run_jobs()
    assert not mail.outbox


def test_own_reply_is_no_news(asked, run_jobs):
    answer(asked, email="rita@example.org")
    run_jobs()
    assert not mail.outbox


def test_answer_beside_the_third_level_is_told_to_whom_it_answers(rita, run_jobs):
    second = published(parent=published())
    third = approved(email=rita.email, wants_replies=True, parent=second)
    beside = answer(third)
    assert (beside.parent, beside.answered) == (second, third)
    run_jobs()
    assert [m.to for m in mail.outbox] == [["rita@example.org"]]


def test_replies_of_an_hour_come_together(asked, rita):
    for number in range(3):
        answer(asked, body=f"Point {number}.")
    assert replies.deliver(rita.pk, now=NOW) == 3
    answer(asked, body="Another.")
    assert replies.deliver(rita.pk, now=NOW + 59 * MINUTE) == 0
    assert replies.deliver(rita.pk, now=NOW + HOUR) == 1
    assert [m.subject[:1] for m in mail.outbox] == ["3", "A"]


def test_mail_that_is_early_is_put_off_to_its_time(asked, rita):
    answer(asked)
    replies.deliver(rita.pk, now=NOW)
    ProcrastinateJob.objects.all().delete()
    answer(asked, body="Another.")
    replies.deliver(rita.pk, now=NOW + MINUTE)
    waiting = ProcrastinateJob.objects.filter(task_name="comments.tasks.tell_reader")
    assert waiting.count() == 1


def test_nobody_gets_six_mails_a_day(asked, rita):
    sent = []
    for number in range(8):
        answer(asked, body=f"Point {number}.")
        sent.append(replies.deliver(rita.pk, now=NOW + number * HOUR))
    assert sent == [1] * 5 + [0] * 3
    assert replies.deliver(rita.pk, now=NOW + 24 * HOUR) == 3


def test_reply_taken_back_before_the_mail_is_not_told_of(asked, rita):
    answer(asked)
    Comment.objects.filter(name="Ann").hide(by=make_staff())
    assert replies.deliver(rita.pk, now=NOW) == 0
    Comment.objects.filter(name="Ann").approve(by=make_staff())
    assert replies.deliver(rita.pk, now=NOW) == 1


def test_reply_published_twice_is_told_of_once(asked, rita):
    answer(asked)
    replies.deliver(rita.pk, now=NOW)
    Comment.objects.filter(name="Ann").hide(by=make_staff())
    Comment.objects.filter(name="Ann").approve(by=make_staff())
    assert replies.deliver(rita.pk, now=NOW + 2 * HOUR) == 0


def test_mail_that_fails_gives_its_claim_back(asked, rita):
    answer(asked)
    failure = mock.patch(
        "django.core.mail.backends.locmem.EmailBackend.send_messages",
        side_effect=SMTPServerDisconnected,
    )
    with failure, pytest.raises(MailNotSent):
        replies.deliver(rita.pk, now=NOW)
    assert replies.deliver(rita.pk, now=NOW) == 1


def test_crash_between_claim_and_mail_mails_nothing_twice(asked, rita):
    answer(asked)
    crash = mock.patch("pbrsite.mail.send", side_effect=KeyboardInterrupt)
    with crash, pytest.raises(KeyboardInterrupt):
        replies.deliver(rita.pk, now=NOW)
    assert replies.deliver(rita.pk, now=NOW + 2 * HOUR) == 0


def test_person_erased_between_claim_and_mail_gets_none(asked, rita):
    answer(asked)

    def erase_after_the_claim(execute: Any, sql: str, *rest: Any) -> Any:
        result = execute(sql, *rest)
        if sql.startswith('UPDATE "comments_notice"'):
            dossiers.erase(rita.email, now=NOW)
        return result

    with connection.execute_wrapper(erase_after_the_claim):
        assert replies.deliver(rita.pk, now=NOW) == 0
    assert not mail.outbox


def mute_url(message: Any) -> str:
    header = message.extra_headers["List-Unsubscribe"]
    return str(header.strip("<>").removeprefix("http://testserver.test"))


def test_one_click_mutes_as_rfc_8058_says(client, asked, rita):
    answer(asked)
    replies.deliver(rita.pk, now=NOW)
    message = mail.outbox[0]
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    said = client.post(mute_url(message), {"List-Unsubscribe": "One-Click"},
                       headers={"Sec-Fetch-Site": "cross-site"})  # fmt: skip
    assert said.status_code == 200
    assert not said.cookies
    answer(asked, body="Another.")
    assert replies.deliver(rita.pk, now=NOW + 2 * HOUR) == 0
    assert not CommentContact.objects.filter(wants_replies=True).exists()


def test_looking_at_the_mute_link_mutes_nothing(client, rita):
    page = client.get(f"/comments/mute/{rita.mute_token}/")
    rita.refresh_from_db()
    assert b"Stop it" in page.content
    assert rita.is_reachable


def test_mute_link_outlives_the_person(client, rita):
    token = rita.mute_token
    rita.delete()
    assert client.post(f"/comments/mute/{token}/").status_code == 200


@pytest.mark.parametrize("token", ["x", "key.signature", "%00", "x" * 3000])
def test_damaged_mute_link_is_404(client, token):
    assert client.post(f"/comments/mute/{token}/").status_code == 404


def test_who_asks_anew_hears_again(client, rita):
    replies.mute(rita, now=NOW)
    send(client_of(rita), make_post(), email=rita.email, notify="on")
    rita.refresh_from_db()
    assert rita.is_reachable


def test_reply_from_before_the_confirmation_is_told_of(client, run_jobs):
    send(client, make_post(), email="new@example.org", notify="on")
    Comment.objects.all().approve(by=make_staff())
    answer(Comment.objects.get())
    run_jobs()
    (confirmation,) = mail.outbox
    url = str(confirmation.body).split("http://testserver.test")[1].split()[0]
    client.post(url, {"shown": Comment.objects.earliest("pk").public_id})
    run_jobs()
    assert mail.outbox[1].subject.startswith("A reply")


def test_bulk_approval_costs_the_same_number_of_queries(django_assert_max_num_queries, asked):
    def cost(number: int) -> int:
        for n in range(number):
            make_comment(parent=asked, body=f"{number}-{n}")
        with django_assert_max_num_queries(60) as captured:
            Comment.objects.held().approve(by=staff)
        return len(captured)

    staff = make_staff()
    cost(1)
    assert cost(4) == cost(12)
    assert Notice.objects.count() == 17


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_moment_send_one_mail():
    rita = make_identity("rita@example.org")
    answer(approved(email=rita.email, wants_replies=True))

    def work(_: int) -> int:
        try:
            return replies.deliver(rita.pk, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(work, range(4))) == [0, 0, 0, 1]
    assert len(mail.outbox) == 1


def test_mute_of_somebody_erased_at_that_moment_is_answered(client, rita):
    erase = mock.patch.object(
        replies, "mute", side_effect=lambda who, now: dossiers.erase(who.email, now=now)
    )
    with erase:
        assert client.post(f"/comments/mute/{rita.mute_token}/").status_code == 200
