"""Old addresses: one step to where a post is now, gone where it was removed, never in circles."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from posts.models import Post, Redirect
from posts.slugs import validate_slug
from tests.factories import make_author, make_post, make_tag

pytestmark = pytest.mark.django_db


def where(client, path: str, **headers: str) -> tuple[int, str]:
    response = client.get(path, headers=headers)
    return response.status_code, response.get("Location", "")


def rename(post: Post, slug: str) -> None:
    post.slug = slug
    post.save()


def test_each_old_slug_leads_to_the_newest_in_one_step(client):
    post = make_post(slug="a")
    rename(post, "b")
    rename(post, "c")
    assert where(client, "/a/") == where(client, "/b/") == (301, "/c/")
    assert client.get("/c/").status_code == 200


def test_a_rename_and_back_is_no_loop(client):
    post = make_post(slug="first")
    rename(post, "second")
    rename(post, "first")
    assert client.get("/first/").status_code == 200
    assert where(client, "/second/") == (301, "/first/")
    assert [row.path for row in Redirect.objects.all()] == ["/second/"]
    assert client.get("/second/")["Cache-Control"] == "no-cache"  # A browser would go in circles.


def test_two_posts_that_swap_addresses_are_both_found(client):
    one, two = make_post(slug="one"), make_post(slug="two")
    rename(one, "between")
    rename(two, "one")
    rename(one, "two")
    assert client.get("/one/").context["post"] == two
    assert client.get("/two/").context["post"] == one
    assert where(client, "/between/") == (301, "/two/")


def test_a_live_page_always_wins(client):
    post = make_post(slug="a-name")
    rename(post, "another-name")
    newer = make_post(slug="a-name")
    assert client.get("/a-name/").context["post"] == newer
    Redirect.objects.create(path="/a-name/", post=post)
    assert client.get("/a-name/").context["post"] == newer


@pytest.mark.parametrize(
    "change",
    [
        lambda post: Post.objects.filter(pk=post.pk).update(slug="new"),
        lambda post: Post.objects.bulk_update([Post(pk=post.pk, slug="new")], ["slug"]),
        lambda post: rename(post, "new"),
    ],
    ids=["update", "bulk update", "save"],
)
def test_an_address_is_kept_whichever_way_it_is_changed(client, change):
    change(make_post(slug="old"))
    assert where(client, "/old/") == (301, "/new/")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"status": "draft"}, "nobody ever saw it"),
        ({"status": "review", "published_at": None}, "nobody ever saw it"),
        ({"published_at": timezone.now() + timedelta(days=1)}, "scheduled: nobody saw it yet"),
    ],
)
def test_an_address_that_was_never_public_is_not_kept(client, values, reason):
    rename(make_post(slug="old", **values), "new")
    assert client.get("/old/").status_code == 404
    assert not Redirect.objects.exists()


def test_a_change_rolled_back_keeps_nothing(client):
    post = make_post(slug="old")
    with transaction.atomic():
        rename(post, "new")
        transaction.set_rollback(True)
    assert client.get("/old/").status_code == 200
    assert not Redirect.objects.exists()


def test_a_withdrawn_post_is_gone_at_every_address_it_had(client):
    post = make_post(slug="old")
    rename(post, "new")
    post.withdraw()
    for path in ("/old/", "/new/", "/new/feed/"):
        page = client.get(path)
        assert page.status_code == 410
        assert "has been removed" in page.content.decode()
    post.status = "published"
    post.save()
    assert where(client, "/old/") == (301, "/new/")


@pytest.mark.parametrize(
    "delete",
    [
        lambda post: post.delete(),
        lambda post: Post.objects.filter(pk=post.pk).delete(),
        lambda post: delete_by_hand(post.pk),
    ],
    ids=["row", "queryset", "SQL"],
)
def test_a_deleted_post_is_gone_at_every_address_it_had(client, delete):
    post = make_post(slug="old")
    rename(post, "new")
    delete(post)
    assert [where(client, path)[0] for path in ("/old/", "/new/")] == [410, 410]


def delete_by_hand(pk: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM posts_post WHERE id = %s", [pk])


def test_a_draft_deleted_leaves_nothing_and_one_taken_back_is_missing_not_gone(client):
    make_post(slug="a-draft", status="draft").delete()
    post = make_post(slug="again")
    post.status = "draft"
    post.save()
    assert [where(client, path)[0] for path in ("/a-draft/", "/again/")] == [404, 404]


def test_a_later_post_of_a_removed_ones_slug_wins(client):
    make_post(slug="a-name").delete()
    post = make_post(slug="a-name", status="draft", published_at=None)
    assert client.get("/a-name/").status_code == 410
    post.publish(at=timezone.now())
    assert client.get("/a-name/").status_code == 200


# WordPress's own forms, and slips of the hand: what was asked, and what answers.
FORMS = [
    ("/?p=123", 301, "/a-post/"),
    ("/?page_id=123", 301, "/a-post/"),
    ("/?p=123&utm_source=x", 301, "/a-post/?utm_source=x"),
    ("/index.php?p=123", 301, "/a-post/"),
    ("/index.php?p=999", 404, ""),
    ("/index.php?utm_source=x", 301, "/?utm_source=x"),
    ("/archives/123", 301, "/a-post/"),
    ("/archives/", 301, "/archive/"),
    ("/?p=999", 404, ""),
    ("/?p=nonsense", 200, ""),
    ("/?p=124", 404, ""),  # a draft's number
    ("/?p=125", 410, ""),  # a withdrawn post's number
    ("/?cat=7", 301, "/tag/prisons/"),
    ("/?author=2", 404, ""),
    ("/?tag=prisons", 301, "/tag/prisons/"),
    ("/?category_name=topics/prisons", 301, "/tag/prisons/"),
    ("/?feed=rss2", 301, "/feed/"),
    ("/?s=social+impact", 301, "/search/?q=social+impact"),
    ("/?m=201903", 301, "/2019/03/"),
    ("/?paged=3", 301, "/page/3/"),
    ("/?utm_source=mail", 200, ""),
    ("/?p=", 200, ""),
    ("/category/prisons/", 301, "/tag/prisons/"),
    ("/category/topics/prisons/", 301, "/tag/prisons/"),
    ("/category/prisons/feed/", 301, "/tag/prisons/feed/"),
    ("/category/prisons/page/2/", 301, "/tag/prisons/"),
    ("/category/jail-house/", 301, "/tag/prisons/"),  # recorded by the import
    ("/category/topics/jail-house/page/3/", 301, "/tag/prisons/"),
    ("/category/unheard-of/", 404, ""),
    ("/category/quiet/", 404, ""),  # a topic of drafts alone is not named
    ("/2019/03/04/a-post/", 301, "/a-post/"),
    ("/2019/03/a-post/", 301, "/a-post/"),
    ("/2019/a-post/", 301, "/a-post/"),
    ("/2019/03/04/an-old-one/", 301, "/a-post/"),
    ("/2019/03/04/a-post/feed/", 301, "/a-post/feed/"),
    ("/a-post/feed/", 200, ""),
    ("/a-post/feed/atom/", 301, "/a-post/feed/"),
    ("/a-post/amp/", 301, "/a-post/"),
    ("/a-post/?amp", 200, ""),
    ("/a-post/page/2/", 301, "/a-post/"),
    ("/a-post/2/", 301, "/a-post/"),
    ("/a-post/comment-page-2/", 301, "/a-post/"),
    ("/a-post/trackback/", 301, "/a-post/"),
    ("/a-post/a-picture/", 301, "/a-post/"),
    ("/an-old-one/", 301, "/a-post/"),
    ("/an-old-one", 301, "/a-post/"),
    ("/an-old-one/feed/", 301, "/a-post/feed/"),
    ("/an-old-one/comments/", 301, "/a-post/comments/"),
    ("/an-old-one/?replytocom=7&utm_source=x", 301, "/a-post/?utm_source=x"),
    ("/feed/rss2/", 301, "/feed/"),
    ("/feed/rss/", 301, "/feed/"),
    ("/feed/rdf/", 301, "/feed/"),
    ("/rss/", 301, "/feed/"),
    ("/comments/feed/", 200, ""),
    ("/comments/feed/rss2/", 301, "/comments/feed/"),
    ("/tag/prisons/feed/atom/", 200, ""),
    ("/tag/Prisons/", 301, "/tag/prisons/"),
    ("/tag/none/feed/atom/", 404, ""),
    ("/author/ann/feed/atom/", 200, ""),
    ("/author/ann/feed/rdf/", 301, "/author/ann/feed/"),
    ("/wp-content/uploads/2014/03/Chart.png", 301, "/media/images/chart.png"),
    ("/wp-content/uploads/2014/03/Chart-300x200.png", 301, "/media/images/chart.png"),
    ("/wp-content/uploads/2014/03/other.png", 404, ""),
    ("/index.php/a-post/", 301, "/a-post/"),
    ("/index.php", 301, "/"),
    ("/index.html", 301, "/"),
    ("/A-Post/", 301, "/a-post/"),
    ("/a-post", 301, "/a-post/"),
    ("/a-post/)", 301, "/a-post/"),
    ("/a-post/%20", 301, "/a-post/"),
    ("/a-post%E2%80%9D,", 301, "/a-post/"),
    ("//a-post//", 301, "/a-post/"),
    ("/a-post.html", 301, "/a-post/"),
    ("/a-draft", 301, "/a-draft/"),  # Django's slash alone: says nothing, and then
    ("/A-Draft/", 404, ""),
    ("/2019/03/04/a-draft/", 404, ""),
    ("/%00a-post/", 301, "/a-post/"),
    ("//evil.test/", 404, ""),
    ("/\\evil.test/a-post/", 301, "/a-post/"),
    (f"/{'x' * 3000}/", 404, ""),
]


@pytest.mark.parametrize(("path", "status", "target"), FORMS, ids=[row[0][:50] for row in FORMS])
def test_what_wordpress_wrote_and_what_people_mistype(client, path, status, target):
    make_wordpress_archive()
    if path.startswith("//"):
        path = "http://testserver" + path
    assert where(client, path) == (status, target)


def make_wordpress_archive() -> None:
    tag = make_tag(slug="prisons")
    author = make_author(slug="ann")
    old = make_post(slug="an-old-one", wordpress_id=123, tags=(tag,), author=author)
    rename(old, "a-post")
    make_post(slug="a-draft", status="draft", wordpress_id=124, tags=(make_tag(slug="quiet"),))
    make_post(wordpress_id=125, status="withdrawn")
    came: dict[str, Any] = {"origin": Redirect.Origin.IMPORT}
    Redirect.objects.create(path="/category/jail-house/", tag=tag, **came)
    Redirect.objects.create(path="/?cat=7", tag=tag, **came)
    file = "/wp-content/uploads/2014/03/Chart.png"
    Redirect.objects.create(path=file, target="/media/images/chart.png", **came)


def test_head_is_answered_as_get_is(client):
    rename(make_post(slug="old"), "new")
    response = client.head("/old/")
    assert (response.status_code, response["Location"]) == (301, "/new/")


def test_a_comment_written_on_an_old_page_follows_its_post(client):
    rename(make_post(slug="old"), "new")
    response = client.post("/old/comments/", {"body": "Written for an hour"})
    assert (response.status_code, response["Location"]) == (308, "/new/comments/")
    for path in ("/old/", "/index.php", "/2019/old/"):  # No other door takes a POST.
        assert client.post(path).status_code in {404, 405}


@pytest.mark.parametrize("path", ["/admin/old/", "/media/old/", "/static/old/", "/u/old/", "/.env"])
def test_the_admin_files_and_secret_links_are_never_looked_up(client, path):
    Redirect.objects.create(path=path, target="/about/")
    assert client.get(path).get("Location", "") != "/about/"


def test_a_page_that_is_there_asks_for_no_redirect(client, django_assert_max_num_queries):
    make_post(slug="a-post")
    for path in ("/", "/a-post/", "/a-post/?utm_source=x"):
        with django_assert_max_num_queries(6) as captured:
            client.get(path)
        assert not [query for query in captured if "posts_redirect" in query["sql"]]


def test_an_old_address_costs_two_queries_more_than_none(client, django_assert_num_queries):
    rename(make_post(slug="old"), "new")
    with django_assert_num_queries(2):  # The post that is not there; where it is now.
        client.get("/old/")


@pytest.mark.parametrize(
    "values",
    [
        {"path": "relative/"},
        {"target": "//evil.test/"},
        {"target": "/\\evil.test/"},
        {"target": "http://plain.test/"},
        {"target": "javascript:alert(1)"},
    ],
)
def test_postgres_refuses_a_redirect_that_could_lead_astray(values):
    with pytest.raises(IntegrityError):
        Redirect.objects.create(**{"path": "/old/", **values})


def test_a_redirect_leads_one_way_only():
    with pytest.raises(IntegrityError):
        Redirect.objects.create(path="/old/", post=make_post(), target="/about/")


def test_every_first_word_of_our_own_addresses_is_refused_as_a_slug():
    words = {word for word in first_words(get_resolver()) if word}
    assert {"admin", "search", "corrections", "subscribe", "healthz"} - words == {"healthz"}
    for word in words:
        with pytest.raises(ValidationError):
            validate_slug(word)


def first_words(resolver: URLResolver, before: str = "") -> set[str]:
    """Return what each route begins with, up to the first slash, dot or variable part."""
    words = set()
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver) and "/" not in route:
            words |= first_words(pattern, route)
        else:
            head = route.partition("/")[0]
            words.add("" if set(head) & set("<([") else head.partition(".")[0].strip("\\$"))
    return words


@pytest.mark.parametrize(
    "path",
    [
        "/?tag=%00", "/?category_name=a%00b", "/index.php?tag=%00", "/?tag=a/b",
        "/?tag=" + "a" * 200, "/%F0%9F%98%80/", "/---/", "/%00/", "/index.php/---/",
    ],
)  # fmt: skip
def test_what_can_name_nothing_is_a_404(client, path):
    assert where(client, path) == (404, "")


def test_a_slip_of_slashes_still_leads_home(client):
    assert where(client, "/index.php//") == where(client, "/index.php/") == (301, "/")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST"])
def test_a_request_for_no_path_is_a_404(client, method):
    response = client.generic(method, "/", PATH_INFO="*")
    assert response.status_code == 404
