"""The mail that asks, the page that shows, the click that proves."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any
from unittest import mock

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html
from procrastinate.contrib.django.models import ProcrastinateJob

from comments import confirmations, dossiers, trust
from comments.contacts import CommentContact
from comments.identities import Identity
from comments.models import Comment
from pbrsite.mail import MailNotSent
from posts.models import Post
from tests.comments.factories import make_comment, make_identity, published, send
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def post() -> Post:
    return make_post()


def link() -> str:
    """Return the path of the link in the newest mail."""
    found = re.search(r"http://testserver\.test(/comments/confirm/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def click(client: Client, **fields: Any) -> Any:
    """Press the button of the page the newest mail leads to."""
    form = html.fromstring(client.get(link()).content).forms[-1]
    return client.post(link(), {"shown": form.xpath(".//input[@name='shown']/@value")} | fields)


@pytest.mark.parametrize("box", ["notify", "remember"])
def test_either_box_mails_one_confirmation(client, post, run_jobs, box):
    send(client, post, **{box: "on"})
    run_jobs()
    message: Any = mail.outbox[0]
    assert len(mail.outbox) == 1
    assert message.to == ["ben@example.org"]
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert link() in str(message.alternatives[0].content)


def test_no_box_mails_nothing(client, post, run_jobs):
    send(client, post)
    run_jobs()
    assert not mail.outbox


def test_confirmation_holds_nothing_anybody_typed(client, run_jobs):
    post = make_post(title="Harmless")
    send(client, post, name="Pill Seller", body="Cheap at www dot pills", notify="on")
    run_jobs()
    text = mail.outbox[0].message().as_string() + str(mail.outbox[0].body)
    assert not [word for word in ("Pill", "pills", "Cheap", "Harmless") if word in text]


def test_reading_the_link_changes_nothing(client, post, run_jobs):
    send(client, post, notify="on")
    run_jobs()
    before = list(Identity.objects.values()), list(CommentContact.objects.values())
    with CaptureQueriesContext(connection) as captured:
        page = Client().get(link())
    assert page.status_code == 200
    assert not page.cookies
    assert page["Cache-Control"] == "private, no-store"
    assert all(q["sql"].startswith("SELECT") for q in captured)
    assert before == (list(Identity.objects.values()), list(CommentContact.objects.values()))


def test_click_proves_the_address_and_the_next_comment_appears_at_once(client, post, run_jobs):
    send(client, post, notify="on")
    run_jobs()
    answer = click(client)
    cookie = answer.cookies[trust.COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    Comment.objects.all().approve(by=make_staff())
    send(client, post, body="A second one.")
    assert Comment.objects.get(body="A second one.").state == "published"
    assert all(contact.proven_at for contact in CommentContact.objects.all())


def test_a_link_works_once_and_says_so_the_second_time(client, post, run_jobs):
    send(client, post, notify="on")
    run_jobs()
    click(client)
    for again in (Client().get(link()), Client().post(link())):
        assert b"confirmed already" in again.content
        assert trust.COOKIE not in again.cookies
    assert Identity.objects.count() == 1


def test_words_rewritten_after_the_page_was_read_are_not_vouched_for(client, post, run_jobs):
    send(client, post, notify="on")
    run_jobs()
    shown = html.fromstring(client.get(link()).content).xpath("//input[@name='shown']/@value")
    Comment.objects.update(body="Other words.", edited_at=timezone.now())
    client.post(link(), {"shown": shown})
    assert not CommentContact.objects.exclude(proven_at=None).exists()


def test_answer_says_what_became_of_a_known_writers_comment(client, post, run_jobs):
    send(client, post, remember="on")
    run_jobs()
    click(client)
    Comment.objects.all().approve(by=make_staff())
    send(client, post, body="A second one.")
    assert b"It is published" in client.get(f"/{post.slug}/comments/received/").content
    answer = send(client, post, body="A third one.", email="other@example.org")
    said = client.get(answer["Location"]).content
    assert b"remembers another e-mail address" in said
    assert b"checked before they appear" in said
    assert b"example.org" not in said


def test_comment_of_somebody_else_is_pointed_out_and_loses_the_address(client, post, run_jobs):
    stranger = published(email="ben@example.org", post=post, body="Not by Ben.")
    send(client, post, notify="on")
    run_jobs()
    assert b"Not by Ben." in client.get(link()).content
    click(client, not_mine=[stranger.public_id])
    assert list(CommentContact.objects.values_list("comment__body")) == [("A first comment.",)]


def test_what_came_after_the_page_was_read_is_not_vouched_for(client, post, run_jobs):
    send(client, post, notify="on")
    run_jobs()
    shown = Comment.objects.get().public_id
    make_comment(email="ben@example.org", post=post, body="Slipped in.")
    client.post(link(), {"shown": [shown]})
    proven = CommentContact.objects.exclude(proven_at=None)
    assert [contact.comment.body for contact in proven] == ["A first comment."]


def test_click_on_a_link_whose_person_is_erased_meanwhile_is_told_so(client):
    ben = make_identity("ben@example.org")
    url = f"/comments/confirm/{ben.confirm_token(is_remembered=True)}/"
    read = mock.patch("comments.identities.of_confirm_token", return_value=(ben, True))
    dossiers.erase(ben.email, now=timezone.now())
    with read:
        assert client.post(url).status_code == 410


@pytest.mark.parametrize("token", ["x", "WyJhIiwgdHJ1ZV0:1tX:abc", "%00", "x" * 3000])
def test_damaged_link_is_told_so(client, token):
    assert client.get(f"/comments/confirm/{token}/").status_code == 410
    assert client.post(f"/comments/confirm/{token}/").status_code == 410


def test_link_is_good_for_seven_days(client):
    token = make_identity("ben@example.org").confirm_token(is_remembered=True)
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=2)):
        assert client.post(f"/comments/confirm/{token}/").status_code == 410


def test_page_of_another_site_cannot_confirm(client):
    token = make_identity("ben@example.org").confirm_token(is_remembered=True)
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(f"/comments/confirm/{token}/", headers=headers).status_code == 403


def ask(now, email="ben@example.org", **contact) -> bool:
    comment = make_comment(email=email, contact=contact)
    return confirmations.mail_confirmation(comment.pk, is_remembered=False, now=now)


def test_stranger_gets_three_mails_and_no_more(post):
    now = timezone.now()
    sent = [ask(now + number * HOUR) for number in range(5)]
    assert sent == [True, True, True, False, False]


def test_two_mails_keep_ten_minutes_apart():
    now = timezone.now()
    assert [ask(now), ask(now + HOUR / 7)] == [True, False]


def test_one_network_cannot_have_many_addresses_mailed():
    now = timezone.now()
    many = confirmations.MOST_PER_NETWORK + 1
    sent = [ask(now, f"a{n}@example.org", network="192.0.2.0/24") for n in range(many)]
    assert sent == [True] * (many - 1) + [False]


def test_site_has_a_cap(monkeypatch):
    monkeypatch.setattr(confirmations, "MOST_PER_SITE", 2)
    now = timezone.now()
    assert [ask(now, f"a{number}@example.org") for number in range(3)] == [True, True, False]


def test_spam_has_nobody_mailed():
    comment = make_comment(email="victim@example.org", state="spam")
    assert not confirmations.mail_confirmation(comment.pk, is_remembered=True, now=timezone.now())


def test_mail_the_relay_does_not_take_is_not_counted():
    failure = mock.patch(
        "django.core.mail.backends.locmem.EmailBackend.send_messages",
        side_effect=SMTPServerDisconnected,
    )
    now = timezone.now()
    with failure, pytest.raises(MailNotSent):
        ask(now)
    assert ask(now)


def test_answer_is_the_same_whatever_is_known_of_the_address(post):
    make_identity("known@example.org")
    published(email="known@example.org")
    answers = [
        send(Client(), post, email=email, body=f"Words of {email[0]}.", notify="on")
        for email in ("known@example.org", "nobody@example.org")
    ]
    assert len({(a.status_code, a["Location"], a.content) for a in answers}) == 1
    assert ProcrastinateJob.objects.filter(task_name__contains="mail_confirmation").count() == 2


@pytest.mark.django_db(transaction=True)
def test_jobs_at_the_same_moment_make_one_identity_and_mail_once():
    pks = [make_comment(email="ben@example.org").pk for _ in range(4)]

    def work(pk: int) -> bool:
        try:
            return confirmations.mail_confirmation(pk, is_remembered=False, now=timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(work, pks)) == [False, False, False, True]
    assert Identity.objects.count() == len(mail.outbox) == 1
