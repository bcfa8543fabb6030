"""One walk over every public address with canary addresses planted where addresses are kept."""

import json
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from comments import dossiers, notices, replies
from comments.contacts import CommentContact
from comments.identities import Identity, PersonalLink
from comments.models import Comment
from subscriptions.models import Subscriber
from tests.comments.factories import approved, make_identity, send
from tests.factories import make_staff
from tests.walks.canaries import READER, SUBSCRIBER, leaks, paths_of, plant, visitor_of
from tests.walks.crawler import crawl

pytestmark = pytest.mark.django_db
TABLES = {
    model._meta.db_table
    for model in (CommentContact, Identity, PersonalLink, replies.Notice, Subscriber)
}


def test_no_address_and_no_hash_of_one_is_anywhere_public(client):
    paths = paths_of(plant())
    seen = crawl(client, *paths, "/comments/nothing/", "/u/tampered/", "/digest/2015/06/01/")
    assert {
        path: found for path, text in seen.items() if (found := leaks(text, READER, SUBSCRIBER))
    } == {}
    assert len(seen) > 30


def test_not_even_its_owner_is_shown_the_address_but_behind_the_mailed_link():
    post = plant()
    client = visitor_of(post)
    for path in paths_of(post):
        answer = client.get(path)
        assert not leaks(f"{answer.content.decode()} {answer.headers}", READER), path


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({"name": ""}, {}, 422),
        ({"parent": "nobody"}, {}, 422),
        ({"body": "x" * 200_000}, {}, 413),
        ({}, {"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_error_page_shows_the_address_only_in_the_form_it_was_typed_into(
    client, fields, headers, status
):
    post = plant()
    client.defaults |= {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in headers.items()}
    answer = send(client, post, **fields)
    assert answer.status_code == status
    assert not leaks(f"{answer.content.decode()} {answer.headers}", READER)


def test_the_notice_to_moderators_holds_no_address(client, run_jobs):
    make_staff(email="moderator@birds.test")
    plant()
    notices.announce(timezone.now())
    run_jobs()
    assert len(mail.outbox) == 1
    assert not leaks(mail.outbox[0].message().as_string(), READER, SUBSCRIBER)


def test_a_mail_about_a_reply_holds_nobodys_address(run_jobs):
    post = plant()
    other = make_identity("other@birds.test")
    asked = approved(email=other.email, wants_replies=True, post=post)
    answer = approved(email=READER, parent=asked, name="Bird")
    replies.owe(Comment.objects.filter(pk=answer.pk), now=timezone.now())
    run_jobs()
    message: Any = mail.outbox[0]
    assert message.to == ["other@birds.test"]
    parts = [str(message.body), str(message.alternatives[0].content), str(message.extra_headers)]
    assert not leaks(f"{message.message().as_string()} {parts}", READER)
    assert not leaks(str(parts), "other@birds.test")


def test_the_export_of_one_person_holds_no_address_of_another():
    post = plant()
    approved(email="other@birds.test", parent=Comment.objects.published().get(), post=post)
    text = json.dumps(dossiers.contents("other@birds.test"), default=str)
    assert not leaks(text, READER)


def test_a_public_page_does_not_even_read_the_tables_of_addresses(
    client, django_assert_max_num_queries
):
    post = plant()
    for visitor in (client, visitor_of(post)):
        for path in ("/", *paths_of(post)[:7], f"{post.get_absolute_url()}?x=1", "/sitemap.xml"):
            with django_assert_max_num_queries(25) as captured:
                visitor.get(path)
            read = {table for q in captured for table in TABLES if table in q["sql"]}
            assert not read, path
