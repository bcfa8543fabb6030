"""A planted address is nowhere in what the room makes public, nor any hash of it."""

import base64
import hashlib
import logging
from collections.abc import Iterator

import pytest
from django.core import mail
from django.template import Context, Template

from comments.models import Comment
from tests.comments.factories import CANARY, make_moderator, send
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db


def traces(address: str) -> Iterator[str]:
    """Yield the address and its usual hashes, in hex and base64."""
    for text in {address, address.lower(), address.partition("@")[0]}:
        yield text
        for name in ("md5", "sha1", "sha256"):
            digest = hashlib.new(name, text.encode(), usedforsecurity=False).digest()
            yield digest.hex()
            yield base64.b64encode(digest).decode().rstrip("=")
            yield base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_planted_address_is_in_no_page_feed_or_mail(client, run_jobs):
    make_moderator("moderate_comment", email="rose@example.org")
    post = make_post()
    received = client.get(send(client, post, email=CANARY)["Location"])
    run_jobs()
    Comment.objects.all().approve(by=make_staff())
    comment = Comment.objects.get()
    template = Template("{% load comment_threads %}{% comment_thread post %}")
    seen = [
        template.render(Context({"post": post})),
        client.get(f"/{post.slug}/comments/?parent={comment.public_id}").content.decode(),
        client.get(f"/{post.slug}/feed/").content.decode(),
        received.content.decode() + str(received.headers),
        mail.outbox[0].message().as_string() + mail.outbox[0].body,
    ]
    for number, text in enumerate(seen):
        assert not [trace for trace in traces(CANARY) if trace in text], number


def test_planted_address_is_in_no_column_of_the_comment(client):
    send(client, make_post(), email=CANARY)
    row = str(Comment.objects.values().get())
    assert not [trace for trace in traces(CANARY) if trace in row]


def test_planted_address_is_in_no_log(client, caplog):
    caplog.set_level(logging.DEBUG)
    post = make_post()
    send(client, post, email=CANARY, name="")
    send(client, post, email=CANARY)
    send(client, post, email=CANARY, parent="nonexistent1")
    assert "canary" not in caplog.text.lower()


def test_internal_number_of_a_comment_is_not_public(client):
    comment = Comment.objects.create(
        pk=987_654_321, post=make_post(), name="Ben", body="x", state="published", score=77
    )
    template = Template("{% load comment_threads %}{% comment_thread post %}")
    pages = template.render(Context({"post": comment.post}))
    pages += client.get(f"/{comment.post.slug}/feed/").content.decode()
    assert "987654321" not in pages
