"""With whole pages kept in memory: a decision is public in the very next request."""

from datetime import timedelta

import pytest
from django.utils import timezone

from comments.models import Comment, CommentQuerySet
from pbrsite import pagecache
from subscriptions.models import Subscriber
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def kept_pages(settings):
    settings.PAGE_CACHE_MB = 1


def test_an_approved_comment_is_there_and_a_hidden_one_gone(client):
    post = make_post(slug="a-post")
    comment = Comment.objects.create(post=post, name="Ann", body="Well said")
    staff, this = make_staff(), Comment.objects.filter(pk=comment.pk)
    steps: list[tuple[str, bool]] = [("approve", True), ("hide", False), ("approve", True)]
    assert "Well said" not in client.get("/a-post/").content.decode()
    for verb, is_public in steps:
        getattr(CommentQuerySet, verb)(this, by=staff)
        assert ("Well said" in client.get("/a-post/").content.decode()) is is_public


def test_an_erased_comment_is_gone(client):
    post = make_post(slug="a-post")
    comment = Comment.objects.create(post=post, name="Ann", body="Well said", state="published")
    assert "Well said" in client.get("/a-post/").content.decode()
    Comment.objects.filter(pk=comment.pk).erase()
    assert "Well said" not in client.get("/a-post/").content.decode()


def test_a_post_that_cites_an_old_one_is_on_its_page_and_leaves_with_its_link(client):
    make_post(slug="old", published_at=timezone.now() - timedelta(days=1))
    new = make_post(title="Newer", status="draft", body='<p><a href="/old/">Then</a></p>')
    assert "Newer" not in client.get("/old/").content.decode()
    new.publish(at=timezone.now())
    assert "Newer" in client.get("/old/").content.decode()
    new.body = "<p>No link.</p>"
    new.save()
    assert "Newer" not in client.get("/old/").content.decode()


def test_a_held_comment_does_not_make_every_page_anew():
    post = make_post()
    before = pagecache.content_version()
    Comment.objects.create(post=post, name="Ann", body="Waiting")
    assert pagecache.content_version() == before


def test_a_page_that_a_secret_link_opens_is_not_kept(client):
    subscriber = Subscriber.objects.create(email="reader@example.org")
    path = f"/subscribe/confirm/{subscriber.new_confirmation(at=timezone.now())}/"
    first = client.get(path)
    assert "no-store" in first["Cache-Control"]
    client.post(path)
    assert client.get(path).content != first.content
