"""Every link of every mail, fetched as a scanner does: it changes nothing in the database."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.utils import timezone

from comments import notices
from comments.models import Comment
from subscriptions import digest, noon, sending
from subscriptions.models import Delivery, Kind, Plan, Subscriber
from subscriptions.plans import Arrangement
from tests.comments.factories import approved, make_comment, make_identity, send
from tests.factories import make_author, make_post, make_staff, make_tag
from tests.subscriptions.factories import SECOND, make_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
READER = "reader@example.org"
FOLDERS = {f"{path.parent.parent.parent.name}/{path.parent.name}"
           for path in (settings.BASE_DIR / "templates").glob("*/email/*/body.txt")}  # fmt: skip
Jobs = Callable[[], int]


def sign_up(run_jobs: Jobs) -> None:
    Client().post("/subscribe/", {"email": READER})
    run_jobs()


def sign_up_again(run_jobs: Jobs) -> None:
    make_subscriber(email=READER)
    sign_up(run_jobs)


def ask_for_preferences(run_jobs: Jobs) -> None:
    make_subscriber(email=READER)
    Client().post("/subscription/", {"email": READER})
    run_jobs()


def comment_and_ask_to_be_remembered(run_jobs: Jobs) -> None:
    send(Client(), make_post(), email=READER, remember="on", notify="on")
    run_jobs()


def leave_a_comment_for_moderators(run_jobs: Jobs) -> None:
    make_staff(email="chief@example.org")
    make_comment()
    notices.tell_moderators(timezone.now())


def ask_for_own_comments(run_jobs: Jobs) -> None:
    approved(email=READER)
    Client().post("/comments/yours/", {"email": READER})
    run_jobs()


def be_answered(run_jobs: Jobs) -> None:
    asked = approved(email=make_identity(READER).email, wants_replies=True)
    make_comment(parent=asked, name="Ann", body="I agree.")
    Comment.objects.filter(parent=asked).approve(by=make_staff())
    run_jobs()


def ring_for(kind: str) -> None:
    """Send an issue of that kind, in which something is new and something repeated."""
    make_subscriber(email=READER, frequency=kind, active_since=timezone.now() - timedelta(days=60))
    today = timezone.localtime(timezone.now()).date()
    friday = noon.of(noon.friday_of(today)) - timedelta(days=14)
    author, tag = make_author(), make_tag()
    for weeks in (0, 1):
        moment = friday + timedelta(weeks=weeks)
        make_post(published_at=moment - timedelta(hours=1), tags=(tag,), topic=tag, author=author)
        if kind != Kind.INSTANT:
            Plan.arrange((kind, moment.date()), Arrangement("A word first."), by=None,
                         at=moment - SECOND, seen="")  # fmt: skip
        digest.ring(moment + SECOND)
        if not weeks:
            Delivery.objects.update(state="unknown", next_at=None, at=moment + SECOND)
    sending.send(clock=lambda: moment + 2 * SECOND)


MAILS: dict[str, Callable[[Jobs], None]] = {
    "subscriptions/confirmation": sign_up,
    "subscriptions/already_subscribed": sign_up_again,
    "subscriptions/manage_link": ask_for_preferences,
    "subscriptions/digest": lambda run_jobs: ring_for(Kind.DAILY),
    "subscriptions/digest, weekly": lambda run_jobs: ring_for(Kind.WEEKLY),
    "subscriptions/digest, instant": lambda run_jobs: ring_for(Kind.INSTANT),
    "comments/confirmation": comment_and_ask_to_be_remembered,
    "comments/moderation_notice": leave_a_comment_for_moderators,
    "comments/personal_link": ask_for_own_comments,
    "comments/reply_notice": be_answered,
}


def links_of(message: EmailMessage) -> set[str]:
    """Return the addresses in both bodies and in the headers."""
    ready: Any = message.message()
    parts = [part for part in ready.walk() if part.get_content_maintype() == "text"]
    texts = [str(value) for key, value in ready.items() if key.startswith("List-")]
    texts += [unescape(part.get_payload(decode=True).decode()) for part in parts]
    found = {link for text in texts for link in re.findall(r"https?://[^\s\"'<>]+", text)}
    return {link.partition("#")[0] for link in found}


def checksums() -> dict[str, str]:
    """Return one sum over the rows of each table of the database."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        sums = " UNION ALL ".join(
            f"SELECT '{name}', md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) "  # noqa: S608
            f'FROM "{name}" t'
            for name in names
        )
        cursor.execute(sums)
        return dict(cursor.fetchall())


def test_every_kind_of_mail_is_walked():
    assert {name.partition(",")[0] for name in MAILS} == FOLDERS


@pytest.mark.parametrize("name", MAILS)
def test_fetching_every_link_twice_with_get_and_head_changes_no_row(
    name: str, run_jobs: Jobs, settings: Any
):
    MAILS[name](run_jobs)
    links = set().union(*(links_of(message) for message in mail.outbox))
    assert links
    assert all(link.startswith(f"{settings.SITE_URL}/") for link in links), links
    before, visitor = checksums(), Client()
    for _ in range(2):
        for link in sorted(links):
            path = link.removeprefix(settings.SITE_URL)
            answers = visitor.get(path), visitor.head(path), Client().get(path)
            assert {answer.status_code for answer in answers} <= {200, 302}, link
    assert checksums() == before


@pytest.mark.parametrize("kind", Kind)
def test_text_and_html_of_an_issue_hold_the_same_links_and_words(kind: str):
    ring_for(kind)
    message: Any = mail.outbox[-1].message()
    text, html = (part.get_payload(decode=True).decode() for part in message.get_payload())
    found = [set(re.findall(r"https?://[^\s\"'<>]+", unescape(body))) for body in (text, html)]
    site = {f"{settings.SITE_URL}/"}
    assert found[0] - site == found[1] - site
    assert "In case you missed it" in html
    assert "IN CASE YOU MISSED IT" in text
    assert ("A word first." in html) == ("A word first." in text) == (kind != Kind.INSTANT)
    assert Subscriber.objects.get().email not in html
