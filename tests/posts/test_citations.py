"""Which post links to which: read from bodies, followed wherever an address moves."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from lxml import html

from posts import citations
from posts.models import Citation, Post, Redirect
from tests.factories import make_member, make_owner, make_post, make_posts, make_staff, make_tag
from tests.posts.test_admin import form_data

pytestmark = pytest.mark.django_db


def ago(**length: int) -> datetime:
    return timezone.now() - timedelta(**length)


def body(*targets: str) -> str:
    return "<p>" + " ".join(f'<a href="{target}">See {target}</a>' for target in targets) + "</p>"


def cited_by(post: Post) -> list[int | None]:
    return list(post.citations.values_list("target", flat=True))


@pytest.mark.parametrize(
    "form",
    [
        "/target/",
        "/target",
        "/target/#notes",
        "/target/?utm_source=x",
        settings.SITE_URL + "/target/",
        settings.SITE_URL.upper() + "/target/",
        "/TARGET/",
        "/prisons/target/",
        "/2012/05/target/",
        "/target/comment-page-2/",
        "/former/",
        "/2011/01/by-hand.html",
        "/?p=77",
        "/archives/77/",
    ],
)
def test_a_link_cites_the_post_where_a_reader_who_follows_it_arrives(client, form):
    target = make_post(slug="former", wordpress_id=77)
    target.slug = "target"
    target.save()
    Redirect.objects.create(path="/2011/01/by-hand.html", post=target)
    citing = make_post(body=body(form))
    assert cited_by(citing) == [target.pk]
    path = form.replace(settings.SITE_URL, "").replace(settings.SITE_URL.upper(), "")
    assert client.get(path, follow=True).context["post"] == target


@pytest.mark.parametrize(
    "form",
    [
        "#notes",
        "mailto:someone@example.org",
        "https://example.org/target/",
        "/tag/target/",
        "/author/target/",
        "/series/target",
        "/search/?q=target",
        "/target/feed/",
        "/media/target/",
        "/admin/target/",
        "/2012/05/",
        "/?s=target",
        "/" + "a" * 600,
        "/%00/",
        "http://[",
    ],
)
def test_what_is_no_post_is_cited_by_nobody(form):
    make_post(slug="target")
    assert not make_post(body=body(form)).citations.exists()


def test_a_short_address_is_the_post_of_that_number():
    target = make_post()
    citing = make_post(body=body(f"/p/{target.pk}/", f"/p/{target.pk}", "/p/999999/"))
    assert set(citing.citations.values_list("path", "target")) == {
        (f"/p/{target.pk}/", target.pk), ("/p/999999/", None),
    }  # fmt: skip
    assert dead() == ["/p/999999/"]


def test_a_post_does_not_cite_itself():
    post = make_post(slug="this", wordpress_id=5, body=body("/this/", "/?p=5", "#up"))
    assert not post.citations.exists()


def test_saving_replaces_what_a_post_cites():
    first, second = make_post(slug="first"), make_post(slug="second")
    post = make_post(body=body("/first/"))
    assert cited_by(post) == [first.pk]
    post.body = body("/second/")
    post.save()
    assert cited_by(post) == [second.pk]
    post.body = ""
    post.save(update_fields=["body"])
    assert cited_by(post) == []


def test_a_link_to_what_is_not_there_yet_finds_it_when_it_comes():
    citing = make_post(body=body("/to-come/", "/?p=9"))
    assert cited_by(citing) == [None, None]
    late = make_post(slug="to-come")
    old = make_post(wordpress_id=9)
    assert set(cited_by(citing)) == {late.pk, old.pk}


def test_a_link_follows_its_post_to_a_new_address_and_stays_when_it_is_gone():
    target = make_post(slug="before")
    citing = make_post(body=body("/before/"))
    Post.objects.filter(pk=target.pk).update(slug="after")
    assert cited_by(citing) == [target.pk]
    target.delete()
    assert cited_by(citing) == [None]
    assert dead() == ["/before/"]


def test_a_draft_given_another_address_loses_the_link_to_the_old_one():
    draft = make_post(slug="before", status="draft", published_at=None)
    citing = make_post(body=body("/before/"))
    assert cited_by(citing) == [draft.pk]
    Post.objects.filter(pk=draft.pk).update(slug="after")
    assert cited_by(citing) == [None]
    Redirect.objects.create(path="/before/", post=draft)
    assert cited_by(citing) == [draft.pk]


def test_an_address_taken_by_another_public_post_is_that_post():
    old = make_post(slug="shared")
    citing = make_post(body=body("/shared/"))
    Post.objects.filter(pk=old.pk).update(slug="moved")
    new = make_post(slug="shared", status="draft", published_at=None)
    assert cited_by(citing) == [old.pk]
    new.publish(at=timezone.now())
    assert cited_by(citing) == [new.pk]


def test_a_post_renamed_to_what_it_links_to_does_not_cite_itself():
    post = make_post(slug="one", body=body("/two/"))
    Post.objects.filter(pk=post.pk).update(slug="two")
    assert cited_by(post) == [None]
    post.refresh_from_db()
    post.save()
    assert cited_by(post) == []


@pytest.mark.parametrize("count", [1, 30])
def test_any_number_of_posts_is_recorded_in_two_queries(count, django_assert_num_queries):
    target = make_post(slug="target")
    posts = make_posts(count, body_html=body("/target/", "/none/"))
    with django_assert_num_queries(2):
        citations.record([post.pk for post in posts])
    assert target.cited_by.count() == count
    before = list(Citation.objects.order_by("pk").values())
    citations.record([post.pk for post in posts])
    assert list(Citation.objects.order_by("pk").values()) == before


def test_recording_nothing_and_a_post_that_is_gone_is_no_error():
    citations.record([])
    citations.record([999_999])


# -- On the page of the older post ----------------------------------------------------------------


def citing_titles(client, path: str) -> list[str]:
    page = html.fromstring(client.get(path).content)
    return [link.text_content() for link in page.xpath("//*[@id='citing']//li/a")]


def test_the_page_lists_later_public_posts_that_cite_it_newest_first(client):
    make_post(slug="old", published_at=ago(days=9))
    for title, days in (("Second", 3), ("Third", 1), ("Earlier", 20)):
        make_post(title=title, body=body("/old/"), published_at=ago(days=days))
    assert citing_titles(client, "/old/") == ["Third", "Second"]


@pytest.mark.parametrize("state", ["draft", "review", "withdrawn", "scheduled"])
def test_what_is_not_public_cites_nothing_in_public(client, state):
    make_post(slug="old", published_at=ago(days=9))
    values: dict[str, Any] = {"status": state}
    if state == "scheduled":
        values = {"published_at": ago(days=-1)}
    make_post(title="Unseen", body=body("/old/"), **values)
    page = client.get("/old/").content.decode()
    assert 'id="citing"' not in page
    assert "Unseen" not in page


def test_a_post_with_two_links_is_listed_once(client):
    make_post(slug="old", wordpress_id=3, published_at=ago(days=9))
    make_post(title="Twice", body=body("/old/", "/?p=3"))
    assert citing_titles(client, "/old/") == ["Twice"]


def test_more_than_five_are_folded_and_the_list_has_an_end(client):
    make_post(slug="old", published_at=ago(days=9))
    make_posts(52, body_html=body("/old/"))
    citations.record(list(Post.objects.values_list("pk", flat=True)))
    page = html.fromstring(client.get("/old/").content)
    assert len(page.xpath("//*[@id='citing']/div/ul/li")) == 5
    assert len(page.xpath("//*[@id='citing']//details//li")) == 45
    assert "more than 45 more" in page.xpath("string(//*[@id='citing']//summary)")


def test_citing_posts_cost_the_page_no_query(client, django_assert_num_queries):
    post = make_post(slug="old", published_at=ago(days=9))
    with CaptureQueriesContext(connection) as before:
        client.get("/old/")
    for _ in range(8):
        make_post(body=body("/old/"))
    with django_assert_num_queries(len(before)):
        assert len(citing_titles(client, post.get_absolute_url())) == 8


def test_a_preview_shows_them_too(client):
    post = make_post(slug="old", published_at=ago(days=9))
    make_post(title="Later", body=body("/old/"))
    client.force_login(make_staff())
    url = reverse("admin:posts_post_preview", args=[post.pk])
    assert "Later" in client.post(url, form_data(post)).content.decode()
    Post.objects.filter(pk=post.pk).update(status="review")
    link = post.preview_links.create(created_at=timezone.now(), expires_at=ago(days=-1))
    assert citing_titles(client, reverse("posts:preview", args=[link.token])) == ["Later"]


# -- What the editor hears of links that lead nowhere ---------------------------------------------


@pytest.fixture
def editor(client) -> User:
    user = make_member("Editor")
    client.force_login(user)
    return user


def dead() -> list[str]:
    return [link.path for link in Citation.objects.dead(timezone.now()).for_report()]


@pytest.mark.parametrize("state", ["draft", "withdrawn", "scheduled", "deleted", "never"])
def test_a_link_to_what_is_not_public_is_reported(state):
    make_post(body=body("/target/"))
    if state != "never":
        values: dict[str, Any] = {"published_at": ago(days=-1)} if state == "scheduled" else {}
        target = make_post(slug="target", status="draft" if state == "draft" else "published",
                           **values)  # fmt: skip
        target.withdraw() if state == "withdrawn" else None
        target.delete() if state == "deleted" else None
    assert dead() == ["/target/"]


@pytest.mark.parametrize("mended", ["post", "moved", "by hand", "to a topic", "unseen"])
def test_a_link_that_leads_somewhere_or_that_nobody_sees_is_not_reported(mended):
    citing = make_post(body=body("/target/"))
    if mended == "post":
        make_post(slug="target")
    elif mended == "moved":
        target = make_post(slug="target")
        Post.objects.filter(pk=target.pk).update(slug="moved")
    elif mended == "by hand":
        Redirect.objects.create(path="/target/", target="/about/")
    elif mended == "to a topic":
        Redirect.objects.create(path="/target/", tag=make_tag())
    else:
        citing.withdraw()
    assert dead() == []


def test_withdrawing_says_which_public_posts_link_there(client, editor):
    target = make_post(slug="target")
    make_post(title="Public and linking", body=body("/target/"))
    make_post(title="A draft that links", body=body("/target/"), status="draft")
    url = reverse("admin:posts_post_change", args=[target.pk])
    page = client.post(url, form_data(target, _withdraw="1")).content.decode()
    assert "1 public post links here" in page
    assert "Public and linking" in page
    assert "A draft that links" not in page


def test_deleting_says_it_too(client, editor):
    target = make_post(slug="target")
    make_post(title="Public and linking", body=body("/target/"))
    url = reverse("admin:posts_post_delete", args=[target.pk])
    assert "1 public post links here" in client.get(url).content.decode()
    client.post(url, {"post": "yes"})
    assert dead() == ["/target/"]


def test_the_list_names_the_post_the_words_and_what_became_of_the_target(client, editor):
    target = make_post(title="Gone away", slug="target")
    make_post(title="Public and linking", body=body("/target/"))
    target.withdraw()
    page = client.get(reverse("admin:posts_citation_changelist")).content.decode()
    for words in ("Public and linking", "See /target/", "Gone away", "Withdrawn", "Edit the post"):
        assert words in page
    desk = client.get("/admin/").content.decode()
    assert "Links to posts that are not public</a></dt><dd>1</dd>" in desk


@pytest.mark.parametrize("group", ["Author", "Moderator"])
def test_the_list_is_for_who_may_publish(client, group):
    client.force_login(make_member(group))
    assert client.get(reverse("admin:posts_citation_changelist")).status_code == 403
    assert "posts that are not public" not in client.get("/admin/").content.decode()


def test_the_list_costs_the_same_at_10_and_100_rows(client, editor, django_assert_num_queries):
    path = reverse("admin:posts_citation_changelist")
    withdrawn = make_post(slug="target", status="withdrawn")
    for number in range(10):
        make_post(body=body(f"/{withdrawn.slug}/", f"/never-{number}/"))
    client.get(path)
    with CaptureQueriesContext(connection) as few:
        client.get(path)
    make_posts(45, body_html=body(f"/{withdrawn.slug}/", "/never/"))
    citations.record(list(Post.objects.filter(body="").values_list("pk", flat=True)))
    with django_assert_num_queries(len(few)):
        assert client.get(path).context["cl"].result_count == 110
    assert len(few) <= 7


def test_an_author_deletes_a_draft_that_links(client):
    make_post(slug="target")
    draft = make_post(status="draft", body=body("/target/"))
    client.force_login(make_owner(draft))
    client.post(reverse("admin:posts_post_delete", args=[draft.pk]), {"post": "yes"})
    assert not Post.objects.filter(pk=draft.pk).exists()
