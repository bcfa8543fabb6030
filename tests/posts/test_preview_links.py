"""Links for reviewers: what they show without a log-in, for how long, and who makes them."""

import re
from datetime import timedelta

import pytest
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from posts import previews
from posts.models import Post, PreviewLink
from tests.factories import make_owner, make_post, make_staff, make_tag
from tests.posts.test_images import make_image
from tests.posts.test_media import get, using

DAY = timedelta(days=1)


def make_link(post: Post, **values) -> PreviewLink:
    now = timezone.now()
    defaults = {"created_at": now - DAY, "expires_at": now + DAY}
    return PreviewLink.objects.create(post=post, **defaults | values)


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["draft", "review", "withdrawn"])
def test_a_link_shows_what_is_not_public_without_a_log_in(client, status):
    post = make_post(title="For review", status=status, published_at=None)
    answer = client.get(make_link(post).url)
    page = answer.content.decode()
    assert "For review" in page
    assert "Preview for review, not published" in page
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert client.get(f"/{post.slug}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    "ended", [{"expires_at": timezone.now() - timedelta(hours=1)}, {"revoked_at": timezone.now()}]
)
def test_a_link_that_ended_shows_nothing(client, ended):
    link = make_link(make_post(status="draft"), **ended)
    assert client.get(link.url).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "is_open"),
    [
        ({}, True),
        ({"expires_at": timezone.now() - timedelta(hours=1)}, False),
        ({"revoked_at": timezone.now()}, False),
    ],
)
def test_the_link_and_the_query_agree_on_what_is_open(values, is_open):
    link, now = make_link(make_post(), **values), timezone.now()
    assert link.is_open(now) is PreviewLink.objects.open(now).exists() is is_open
    assert link.revoke(now) is (link.revoked_at is None)


@pytest.mark.django_db
def test_a_revoked_link_is_not_answered_from_the_page_cache(client, settings):
    settings.PAGE_CACHE_MB = 1
    link = make_link(make_post(status="draft"))
    assert client.get(link.url).status_code == 200
    link.revoke(timezone.now())
    assert client.get(link.url).status_code == 404


@pytest.mark.django_db
def test_a_guessed_or_altered_link_is_refused_before_the_database_is_asked(
    client, django_assert_num_queries
):
    link = make_link(make_post(status="draft"))
    other = signing.Signer(salt="another", sep=".").sign(link.name)
    with django_assert_num_queries(0):
        for token in (link.name, link.token[:-1], other, "x" * 500, "%00", "é"):
            assert PreviewLink.objects.find(token, timezone.now()) is None
    assert client.get(f"/preview/{other}/").status_code == 404


@pytest.mark.django_db
def test_once_public_a_link_leads_to_the_page_and_no_browser_remembers_it(client):
    post = make_post()
    answer = client.get(make_link(post).url)
    assert (answer.status_code, answer["Location"]) == (302, post.get_absolute_url())
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_link_costs_few_queries_and_writes_nothing(client, django_assert_num_queries):
    post = make_post(status="draft", published_at=None, tags=(make_tag(), make_tag()))
    url = make_link(post).url
    client.get(url)
    with django_assert_num_queries(6) as captured:
        client.get(url)
    assert all(query["sql"].startswith("SELECT") for query in captured)


def test_an_editor_makes_copies_and_revokes_links(client, db):
    editor = make_staff()
    client.force_login(editor)
    post = make_post(status="draft")
    page = client.post(reverse("admin:posts_post_preview_links", args=[post.pk])).content.decode()
    link = PreviewLink.objects.get()
    assert link.url in page
    assert link.creator == editor
    assert link.expires_at - link.created_at == previews.LINK_LASTS
    form = client.get(reverse("admin:posts_post_change", args=[post.pk])).content.decode()
    assert link.url in form
    client.post(reverse("admin:posts_post_revoke_link", args=[link.pk]))
    assert client.get(link.url).status_code == 404


@pytest.mark.parametrize(
    ("status", "expected"), [("draft", 200), ("review", 200), ("published", 403)]
)
def test_a_writer_handles_links_only_of_what_a_writer_may_change(client, db, status, expected):
    post = make_post(status=status)
    link = make_link(post)
    client.force_login(make_owner(post))
    make = reverse("admin:posts_post_preview_links", args=[post.pk])
    revoke = reverse("admin:posts_post_revoke_link", args=[link.pk])
    assert [client.post(make).status_code, client.post(revoke).status_code] == [expected] * 2
    assert PreviewLink.objects.open(timezone.now()).count() == 1


def test_links_are_not_made_or_revoked_without_a_log_in(client, db):
    link = make_link(make_post(status="draft"))
    client.post(reverse("admin:posts_post_preview_links", args=[link.post_id]))
    client.post(reverse("admin:posts_post_revoke_link", args=[link.pk]))
    assert PreviewLink.objects.open(timezone.now()).get() == link


def test_links_are_forgotten_thirty_days_after_their_end(db):
    now = timezone.now()
    kept = make_link(make_post(), created_at=now - 40 * DAY, expires_at=now - 29 * DAY)
    make_link(make_post(), created_at=now - 40 * DAY, expires_at=now - 31 * DAY)
    assert previews.prune(now) == {"preview links": 1}
    assert PreviewLink.objects.get() == kept


@pytest.mark.django_db
def test_revoking_a_link_closes_its_pictures_at_once(client):
    image = make_image()
    link = make_link(using(image, status="draft"))
    page = client.get(link.url).content.decode()
    [picture, *_] = re.findall(rf"{image.image_file.url}\?pass=[\w.-]+", page)
    assert get(client, picture).status_code == 200
    link.revoke(timezone.now())
    assert get(client, picture).status_code == 404
