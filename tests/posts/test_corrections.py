"""Public notices: where they are told, what dates they give, and that nothing else dates a post."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, connection
from django.urls import reverse
from django.utils import timezone
from lxml import etree, html

from pbrsite import pagecache
from posts.models import Correction, Post
from tests.factories import make_author, make_post, make_staff, make_tag
from tests.posts.test_admin import form_data

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

NOTED = datetime(2026, 3, 2, 12, tzinfo=UTC)
OUT: dict[str, Any] = {"published_at": NOTED - timedelta(days=30), "status": "published"}


def make_correction(post: Post, **values: Any) -> Correction:
    defaults = {"text": "The rate is 6%, not 16%.", "noted_at": NOTED}
    made = Correction.objects.create(post=post, **defaults | values)
    post.refresh_from_db()
    return made


def make_corrected(**values: Any) -> Post:
    post = make_post(title="A title", slug="a-post", **OUT)
    make_correction(post, **values)
    return post


def linked_data(client) -> dict[str, Any]:
    page = html.fromstring(client.get("/a-post/").content)
    data: dict[str, Any] = json.loads(page.xpath("//script[@type='application/ld+json']/text()")[0])
    return data


def test_a_notice_stands_at_the_top_of_its_post(client):
    make_corrected(text="See https://example.org/new\n\n<b>Sorry</b>.")
    page = client.get("/a-post/").content.decode()
    assert page.index('id="corrections"') < page.index('class="prose"')
    assert "Correction, <time" in page
    assert '<a href="https://example.org/new">' in page
    assert "<p>&lt;b&gt;Sorry&lt;/b&gt;.</p>" in page


def test_a_retracted_post_says_so_wherever_it_is_named(client):
    make_corrected(kind="retraction")
    for path in ("/", "/a-post/", "/feed/", "/feed/atom/", "/feed/json/", "/corrections/"):
        assert "Retracted: A title" in client.get(path).content.decode(), path
    assert linked_data(client)["headline"] == "Retracted: A title"


@pytest.mark.parametrize("path", ["/feed/", "/feed/atom/", "/feed/json/"])
def test_a_feed_tells_the_notice_before_the_text(client, path):
    make_corrected(text="A pasted\x0b word & more")
    response = client.get(path)
    if path != "/feed/json/":
        etree.fromstring(response.content)
    text = response.content.decode()
    assert text.index("Correction, 2 March 2026") < text.index("about probation")


def test_the_date_of_a_notice_is_the_date_of_the_change(client):
    make_corrected()
    item = json.loads(client.get("/feed/json/").content)["items"][0]
    assert datetime.fromisoformat(item["date_modified"]) == NOTED
    assert (
        "<updated>2026-03-02T12:00:00+00:00</updated>" in client.get("/feed/atom/").content.decode()
    )
    assert "<lastmod>2026-03-02T12:00:00" in client.get("/sitemap.xml").content.decode()
    assert "Updated <time" in client.get("/a-post/").content.decode()
    assert datetime.fromisoformat(linked_data(client)["dateModified"]) == NOTED


def test_machines_read_the_notice_as_a_correction_comment(client):
    make_corrected(text="</script>")
    assert linked_data(client)["correction"] == [
        {
            "@type": "CorrectionComment",
            "name": "Correction",
            "text": "</script>",
            "datePublished": NOTED.isoformat(),
        }
    ]


@pytest.mark.parametrize(
    "save",
    [
        lambda post: post.save(),
        lambda post: post.reindex(),
        lambda post: Post.objects.filter(pk=post.pk).update(imported_at=timezone.now()),
        lambda post: post.tags.add(make_tag()),
        lambda post: post.publish(at=timezone.now()),
    ],
    ids=["save", "reindex", "import", "tags", "publish"],
)
def test_nothing_but_a_notice_or_a_tick_dates_a_change(client, save):
    post = make_post(slug="a-post", **OUT)
    save(post)
    assert Post.objects.get().updated_at is None
    assert "pdated" not in client.get("/a-post/").content.decode()


def test_a_notice_taken_back_takes_its_date_with_it():
    post = make_corrected()
    later = make_correction(post, kind="retraction", noted_at=NOTED + timedelta(days=1))
    assert (post.updated_at, post.is_retracted) == (NOTED + timedelta(days=1), True)
    later.delete()
    post.refresh_from_db()
    assert (post.updated_at, post.is_retracted) == (NOTED, False)
    Correction.objects.all().delete()
    post.refresh_from_db()
    assert post.updated_at is None


def test_a_post_saved_from_old_memory_does_not_forget_its_notice():
    post = make_post(slug="a-post", **OUT)
    old = Post.objects.get()
    make_correction(post, kind="retraction")
    old.title = "Saved by somebody else"
    old.save()
    post = Post.objects.get()
    assert (post.title, post.corrected_at) == ("Saved by somebody else", NOTED)
    assert post.is_retracted


def test_a_notice_moved_to_another_post_is_told_of_both():
    post, other = make_corrected(), make_post(**OUT)
    Correction.objects.update(post=other)
    assert Post.objects.get(pk=post.pk).corrected_at is None
    assert Post.objects.get(pk=other.pk).corrected_at == NOTED


@pytest.mark.parametrize("values", [{"kind": "nonsense"}, {"text": ""}])
def test_postgres_refuses_an_impossible_notice(values):
    with pytest.raises(IntegrityError):
        make_corrected(**values)


def test_a_post_with_notices_costs_no_query_more(client, django_assert_max_num_queries):
    post = make_post(slug="a-post", **OUT)
    with django_assert_max_num_queries(6) as plain:
        client.get("/a-post/")
    for _ in range(3):
        make_correction(post)
    with django_assert_max_num_queries(6) as corrected:
        client.get("/a-post/")
    assert len(plain) == len(corrected)


def test_the_list_names_public_posts_only_newest_first(client):
    for number, status in enumerate(["published", "draft", "withdrawn", "published"]):
        post = make_post(**OUT | {"status": status})
        make_correction(post, text=f"Notice {number}.", noted_at=NOTED + timedelta(days=number))
    page = client.get("/corrections/").content.decode()
    assert [n for n in range(4) if f"Notice {n}." in page] == [0, 3]
    assert page.index("Notice 3.") < page.index("Notice 0.")
    assert '<a href="/corrections/">' in client.get("/").content.decode()


def test_the_list_costs_the_same_whatever_its_length(client, django_assert_num_queries):
    for _ in range(12):
        make_correction(make_post(author=make_author(), **OUT))
    for path in ("/corrections/", "/corrections/page/2/"):
        with django_assert_num_queries(3):  # The count, the notices, the topics of the header.
            assert client.get(path).status_code == 200
    assert client.get("/corrections/page/3/").status_code == 404
    assert client.get("/corrections/page/1/")["Location"] == "/corrections/"


def test_an_empty_list_says_so(client):
    assert "Nothing had to be corrected" in client.get("/corrections/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_notice_is_public_in_the_very_next_request(client, settings):
    settings.PAGE_CACHE_MB = 1
    post = make_post(slug="a-post", **OUT)
    assert "6%" not in client.get("/a-post/").content.decode()
    notice = make_correction(post)
    assert "6%" in client.get("/a-post/").content.decode()
    before = pagecache.content_version()
    notice.text = "It is 7%."
    notice.save()
    assert pagecache.content_version() != before
    assert "7%" in client.get("/a-post/").content.decode()


@pytest.fixture
def editor(client) -> User:
    user = make_staff()
    client.force_login(user)
    return user


def change(client, post: Post, **changes: Any):
    local = timezone.localtime(post.published_at)
    data = form_data(post, slug=post.slug, title=post.title, status=post.status)
    data |= {"published_at_0": f"{local:%d/%m/%Y}", "published_at_1": f"{local:%H:%M:%S}"}
    path = reverse("admin:posts_post_change", args=[post.pk])
    return client.post(path, data | changes)


def notice_data(**changes: str) -> dict[str, Any]:
    values = {"id": "", "kind": "correction", "text": "It is 6%.",
              "noted_at_0": "02/03/2026", "noted_at_1": "12:00"} | changes  # fmt: skip
    return {"corrections-TOTAL_FORMS": 1} | {f"corrections-0-{k}": v for k, v in values.items()}


def test_an_editor_writes_a_notice_on_the_post_form(client, editor):
    post = make_post(slug="a-post", **OUT)
    response = change(client, post, **notice_data())
    assert response.status_code == 302
    notice = Correction.objects.get()
    assert (notice.noted_by, notice.noted_at) == (editor, NOTED)
    assert "It is 6%." in client.get("/a-post/").content.decode()


def test_a_notice_of_the_hour_that_comes_twice_keeps_its_moment(client, editor):
    post = make_post(slug="a-post", **OUT)
    twice = datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    made = make_correction(post, noted_at=twice)
    data = notice_data(id=str(made.pk), noted_at_0="26/10/2025", noted_at_1="01:30:00")
    response = change(client, post, **data, **{"corrections-INITIAL_FORMS": "1"})
    assert response.status_code == 302
    assert Correction.objects.get().noted_at == twice


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"noted_at_0": "02/03/2999"}, "cannot lie in the future"),
        ({"text": ""}, "required"),
        ({"text": "x" * 2_001}, "at most 2000"),
    ],
)
def test_a_notice_that_will_not_do_is_kept_in_the_form(client, editor, changes, reason):
    post = make_post(slug="a-post", **OUT)
    page = change(client, post, **notice_data(**changes)).content.decode()
    assert reason in page
    assert not Correction.objects.exists()


def test_the_tick_shows_updated_today_and_can_be_taken_back(client, editor):
    post = make_post(slug="a-post", **OUT)
    change(client, post)
    assert Post.objects.get().updated_at is None
    change(client, post, is_real_change="on")
    revised_at = Post.objects.get().updated_at
    assert revised_at is not None
    assert timezone.now() - revised_at < timedelta(minutes=1)
    change(client, post, forget_update="on")
    assert Post.objects.get().updated_at is None


def test_both_ticks_at_once_are_refused(client, editor):
    post = make_post(slug="a-post", revised_at=NOTED, **OUT)
    page = change(client, post, is_real_change="on", forget_update="on").content.decode()
    assert "Tick one of the two" in page
    assert Post.objects.get().revised_at == NOTED


@pytest.mark.parametrize(
    "values", [{"status": "draft"}, {"published_at": timezone.now() + timedelta(days=1)}]
)
def test_what_nobody_has_read_needs_no_notice_and_no_tick(client, editor, values):
    post = make_post(slug="a-post", **{**OUT, **values})
    page = client.get(reverse("admin:posts_post_change", args=[post.pk])).content.decode()
    assert "corrections-TOTAL_FORMS" not in page
    assert "is_real_change" not in page
    change(client, post, is_real_change="on")
    assert Post.objects.get().revised_at is None


def test_a_writer_reads_notices_and_writes_none(client):
    post = make_corrected()
    writer = User.objects.create_user("writer", is_staff=True)
    Post.objects.update(created_by=writer)
    names = ["change_post", "view_post", "add_correction", "change_correction"]
    writer.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(writer)
    page = client.get(reverse("admin:posts_post_change", args=[post.pk])).content.decode()
    assert "The rate is 6%" in page
    assert "corrections-0-text" not in page
    assert change(client, post, **notice_data()).status_code == 403


def test_the_notices_of_the_form_cost_the_same_at_1_and_10(
    client, editor, django_assert_max_num_queries
):
    post = make_corrected()
    path = reverse("admin:posts_post_change", args=[post.pk])
    with django_assert_max_num_queries(15) as few:
        client.get(path)
    for _ in range(9):
        make_correction(post)
    with django_assert_max_num_queries(15) as many:
        client.get(path)
    assert len(few) == len(many)


def test_the_notices_date_is_shown_in_the_sites_zone(client):
    make_corrected(noted_at=datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
    assert settings.TIME_ZONE == "Europe/London"
    assert "1 July 2026" in client.get("/corrections/").content.decode()
    assert "Correction, 1 July 2026" in client.get("/feed/").content.decode()


def test_a_restored_row_cannot_claim_a_correction_it_does_not_have():
    post = make_post(**OUT, corrected_at=NOTED, is_retracted=True)
    post.refresh_from_db()
    assert (post.corrected_at, post.is_retracted) == (None, False)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE posts_post SET is_retracted = true")
    assert not Post.objects.get().is_retracted


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        (notice_data(), "leaves the notices alone"),
        ({"is_real_change": "on"}, "has a tick of its own"),
    ],
)
def test_a_change_for_later_loses_no_notice_and_no_tick(client, editor, typed, reason):
    post = make_post(slug="a-post", **OUT)
    later = {"_later": "1", "later-due_at_0": "02/03/2999", "later-due_at_1": "12:00",
             "later-seen": post.saved_at.isoformat()}  # fmt: skip
    page = change(client, post, **typed | later).content.decode()
    assert reason in page
    assert not Correction.objects.exists()
    assert not post.changes.exists()
