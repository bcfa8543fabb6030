"""Whole pages from memory: never a stale one, never one visitor's for another."""

import time
from datetime import timedelta
from threading import Thread

import pytest
import time_machine
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from django.utils.http import http_date

from pbrsite import pagecache
from posts.models import Post, TaggedPost
from tests.factories import make_post, make_staff, make_tag

pytestmark = pytest.mark.django_db(transaction=True)


VERSION = (b"1", None)


@pytest.fixture(autouse=True)
def cached(settings):
    settings.PAGE_CACHE_MB = 1


def text(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_a_kept_page_asks_the_database_for_nothing_but_the_version(
    client, django_assert_num_queries
):
    make_post(slug="a-post")
    client.get("/a-post/")
    with django_assert_num_queries(0):  # The version is read beneath Django's cursors.
        assert client.get("/a-post/").status_code == 200


def test_a_kept_page_has_every_header_of_the_first(client):
    make_post(slug="a-post")
    made, kept = client.get("/a-post/"), client.get("/a-post/")
    assert made.headers.items() == kept.headers.items()
    for name in ("X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy"):
        assert name in kept.headers


def test_a_connection_lost_between_requests_is_made_anew(client):
    make_post(slug="a-post")
    client.get("/a-post/")
    connection.connection.close()
    assert client.get("/a-post/").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        lambda post: Post.objects.filter(pk=post.pk).update(title="After"),
        lambda post: post.author.__class__.objects.update(name="After"),
        lambda post: post.tags.add(make_tag(name="After")),
    ],
    ids=["the post", "its author", "its tags"],
)
def test_a_change_is_visible_in_the_very_next_request(client, change):
    post = make_post(slug="a-post")
    assert "After" not in text(client, "/a-post/")
    change(post)
    assert "After" in text(client, "/a-post/")


def test_a_withdrawn_post_is_gone_in_the_very_next_request(client):
    post = make_post(slug="a-post")
    client.get("/a-post/")
    post.withdraw()
    assert client.get("/a-post/").status_code == 410


def test_a_scheduled_post_turns_the_page_by_the_clock(client):
    make_post(title="Old")
    in_an_hour = timezone.now() + timedelta(hours=1)
    make_post(title="Soon", published_at=in_an_hour)
    assert "Soon" not in text(client, "/")
    with time_machine.travel(in_an_hour + timedelta(seconds=1)):
        assert "Soon" in text(client, "/")


def test_a_change_rolled_back_renews_nothing():
    post = make_post()
    before = pagecache.content_version()
    with transaction.atomic():
        Post.objects.filter(pk=post.pk).update(title="Never")
        transaction.set_rollback(True)
    assert pagecache.content_version() == before


def test_staff_and_visitors_with_a_cookie_get_pages_of_their_own(client, rf):
    make_post(slug="a-post")
    client.get("/a-post/")
    staff = Client()
    staff.force_login(make_staff())
    page = staff.get("/a-post/")
    assert "ETag" not in page
    assert page["Cache-Control"] == "private, no-store"


def test_an_unchanged_page_is_not_sent_twice(client):
    make_post(slug="a-post")
    tag = client.get("/a-post/")["ETag"]
    again = client.get("/a-post/", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert "Content-Security-Policy" in again


@pytest.mark.parametrize("asked", ["{tag}", "W/{tag}", '"other", {tag}', '"a",W/{tag} , "b"', "*"])
@pytest.mark.parametrize("method", ["get", "head"])
def test_any_form_of_the_question_is_understood(client, asked, method):
    """RFC 9110, section 13.1.2: a list, weak tags, a star; for GET and HEAD."""
    make_post(slug="a-post")
    tag = client.get("/a-post/")["ETag"]
    ask = getattr(client, method)
    assert ask("/a-post/", headers={"If-None-Match": asked.format(tag=tag)}).status_code == 304
    assert ask("/a-post/", headers={"If-None-Match": f'"x{tag[1:]}'}).status_code == 200


def test_a_page_first_asked_for_by_who_has_it_is_kept_for_all(client, django_assert_num_queries):
    make_post(slug="a-post")
    tag = client.get("/feed/")["ETag"]
    fresh = Client()
    assert fresh.get("/feed/", headers={"If-None-Match": tag}).status_code == 304
    with django_assert_num_queries(0):
        assert fresh.get("/feed/").status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("kept_mb", [0, 1], ids=["without the cache", "with it"])
@pytest.mark.parametrize("path", ["/feed/", "/feed/atom/", "/feed/json/", "/a-post/feed/",
                                  "/sitemap.xml", "/sitemap-pages.xml"])  # fmt: skip
def test_feeds_and_sitemaps_can_be_asked_for_by_tag_or_by_date(client, settings, path, kept_mb):
    settings.PAGE_CACHE_MB = kept_mb
    make_post(slug="a-post")
    first = client.get(path)
    for ask in (client.get, client.head):
        for name, value in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
            again = ask(path, headers={name: first[value]})
            assert (again.status_code, again.content) == (304, b"")
            assert (again["ETag"], again["Last-Modified"]) == (
                first["ETag"],
                first["Last-Modified"],
            )


@pytest.mark.slow
@pytest.mark.parametrize("kept_mb", [0, 1], ids=["without the cache", "with it"])
@pytest.mark.parametrize(
    "change",
    [
        lambda post: post.withdraw(),
        lambda post: Post.objects.filter(pk=post.pk).update(title="Mended without a word"),
        lambda post: make_post(published_at=timezone.now() - timedelta(days=999)),
    ],
    ids=["withdrawn", "mended", "an old post is added"],
)
def test_who_asks_by_date_alone_misses_no_change(client, settings, change, kept_mb):
    settings.PAGE_CACHE_MB = kept_mb
    post = make_post(published_at=timezone.now() - timedelta(days=9))
    since = http_date((timezone.now() + timedelta(seconds=-1)).timestamp())
    time.sleep(1.1)  # HTTP's dates are of whole seconds.
    change(post)
    assert client.get("/feed/", headers={"If-Modified-Since": since}).status_code == 200


def test_memory_is_bounded_and_the_oldest_page_goes_first(rf):
    cache = pagecache.PageCache(lambda request: HttpResponse())
    for number in range(30):
        page = pagecache.Page(VERSION, b"x" * 100_000, {}, "")
        cache._keep(("http", "host", f"/{number}/"), page)
    assert cache.size <= 1_000_000
    assert ("http", "host", "/29/") in cache.pages
    assert ("http", "host", "/0/") not in cache.pages


def test_a_page_is_made_anew_each_hour_since_its_forms_grow_old():
    old = pagecache.Page(VERSION, b"", {}, "", made_at=time.monotonic() - 3601)
    assert not old.is_good(VERSION)
    assert pagecache.Page(VERSION, b"", {}, "").is_good(VERSION)


def test_errors_and_searches_are_not_kept(client):
    client.get("/no-such-page/")
    make_post(slug="no-such-page")
    assert client.get("/no-such-page/").status_code == 200
    assert "ETag" not in client.get("/search/?q=a")


def test_the_version_is_locked_last_so_that_two_savers_do_not_deadlock():
    first, second = make_post(), make_post()
    tag = make_tag()

    def save_beside() -> None:
        with transaction.atomic():
            Post.objects.filter(pk=first.pk).update(title="After")
            TaggedPost.objects.create(tag=tag, content_object=second)  # Checked at the commit.
        connection.close()

    with transaction.atomic():
        Post.objects.select_for_update().get(pk=second.pk)
        Post.objects.filter(pk=second.pk).update(title="Later")
        beside = Thread(target=save_beside)
        beside.start()
        wait_until_somebody_waits()
    beside.join(timeout=10)
    assert set(Post.objects.values_list("title", flat=True)) == {"After", "Later"}


def wait_until_somebody_waits() -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    raise AssertionError("Nobody came to wait for a lock.")
