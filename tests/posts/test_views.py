"""The public pages: what they show, what they refuse, what they cost."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from posts import relatedness, search
from posts.models import Author, Post, Tag
from tests.factories import make_author, make_post, make_tag

pytestmark = pytest.mark.django_db

LISTS = ["/", "/tag/tag-x/", "/author/author-x/", "/2013/", "/2013/05/", "/feed/", "/feed/json/"]


def fill(number: int) -> None:
    """Add posts of the same author and topic, each with a tag of its own."""
    author = Author.objects.filter(slug="author-x").first() or make_author(slug="author-x")
    tag = Tag.objects.filter(slug="tag-x").first() or make_tag(slug="tag-x")
    for day in range(number):
        make_post(
            tags=(tag, make_tag(kind="person")),
            author=author,
            published_at=datetime(2013, 5, 1 + day % 28, 10, tzinfo=settings.ZONE),
        )


def count_queries(client, path, django_assert_max_num_queries) -> int:
    with django_assert_max_num_queries(20) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize(
    "path",
    [*LISTS, "/tags/", "/sitemap.xml", "/archive/", "/2013/05/01/", "/feed/atom/", "/about/"],
)
def test_a_list_costs_as_many_queries_with_twice_the_rows(
    client, path, django_assert_max_num_queries
):
    fill(10)
    before = count_queries(client, path, django_assert_max_num_queries)
    fill(10)
    assert count_queries(client, path, django_assert_max_num_queries) == before


@pytest.mark.parametrize("path", ["/", "/tag/tag-x/", "/author/author-x/", "/feed/"])
def test_a_list_costs_at_most_six_queries(client, path, django_assert_max_num_queries):
    fill(12)
    assert count_queries(client, path, django_assert_max_num_queries) <= 6


def test_a_post_costs_at_most_six_queries_whatever_belongs_to_it(
    client, django_assert_max_num_queries
):
    tags = tuple(make_tag() for _ in range(5))
    posts = [make_post(tags=tags) for _ in range(7)]
    search.index([post.pk for post in posts])
    relatedness.relate(posts[0].pk, with_neighbours=False)
    with django_assert_max_num_queries(6):
        page = client.get(f"/{posts[0].slug}/").content.decode()
    assert page.count('class="card') >= 5


@pytest.mark.parametrize(
    "path",
    [
        *("/page/9999/", "/page/0/", "/tag/none/", "/tag/tag-x/page/99/", "/author/none/"),
        *("/nothing-here/", "/1999/", "/0000/", "/2013/13/", "/2013/02/30/", "/2013/page/50/"),
        *("/2013/00/", "/2013/05/00/", "/2013/00/05/", "/２０１３/", f"/2013/page/{'9' * 5000}/"),
    ],
)
def test_unknown_empty_and_out_of_range_pages_are_404(client, path):
    fill(11)
    response = client.get(path)
    assert response.status_code == 404
    assert "search" in response.content.decode().lower()


@pytest.mark.parametrize("end", ["", "feed/"])
@pytest.mark.parametrize("kind", ["tag", "author"])
def test_a_tag_or_author_of_drafts_alone_is_not_even_named(client, kind, end):
    tag, author = make_tag(slug="quiet"), make_author(slug="quiet")
    make_post(status="draft", tags=(tag,), author=author)
    assert client.get(f"/{kind}/quiet/{end}").status_code == 404
    make_post(tags=(tag,), author=author)
    assert client.get(f"/{kind}/quiet/{end}").status_code == 200


def test_page_two_follows_page_one_without_a_gap(client):
    fill(15)
    shown = [post for path in ("/", "/page/2/") for post in client.get(path).context["page_obj"]]
    assert shown == list(Post.objects.published().newest_first())


@pytest.mark.parametrize(
    ("path", "target"),
    [("/page/1/", "/"), ("/tag/tag-x/page/1/", "/tag/tag-x/"), ("/2013/page/1/", "/2013/")],
)
def test_page_one_has_one_address(client, path, target):
    fill(3)
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (301, target)


def test_replytocom_leads_to_the_bare_address(client):
    make_post(slug="a-post")
    response = client.get("/a-post/?replytocom=17")
    assert (response.status_code, response["Location"]) == (301, "/a-post/")


@pytest.mark.parametrize("status", ["draft", "review", "withdrawn"])
def test_an_unpublished_post_is_404(client, status):
    make_post(slug="a-post", status=status)
    assert client.get("/a-post/").status_code == 404


def test_a_topic_page_counts_its_posts_live(client):
    tag = make_tag(slug="pbr", introduction="<p>We keep {{ post_count }} posts here.</p>")
    make_post(tags=(tag,))
    make_post(tags=(tag,), status="draft")
    assert "We keep 1 posts here." in client.get("/tag/pbr/").content.decode()


def test_a_post_shows_what_the_page_promises(client):
    tag = make_tag(name="Probation")
    make_post(slug="a-post", title="A title", standfirst="A standfirst.", tags=(tag,))
    page = client.get("/a-post/").content.decode()
    promised = ["share", "share-end", "related", "comments", "comment-form", "subscribe-form"]
    assert [hook for hook in promised if f'id="{hook}"' not in page] == ["related"]
    for words in ("A standfirst.", "Probation", "application/ld+json", 'rel="canonical"'):
        assert words in page


def test_updated_is_shown_only_for_a_real_change(client):
    post = make_post(slug="a-post")
    post.title = "A small correction"
    post.save()
    assert "pdated" not in client.get("/a-post/").content.decode()
    post.revised_at = timezone.now()
    post.save()
    assert "pdated" in client.get("/a-post/").content.decode()


def test_public_pages_set_no_cookie_and_carry_no_csrf_token(client):
    post = make_post()
    for path in ("/", f"/{post.slug}/", "/search/?q=a", "/about/", "/privacy/", "/nothing/"):
        response = client.get(path)
        assert not response.cookies
        assert "csrf" not in response.content.decode()
        assert "Cookie" not in response.get("Vary", "")


def test_public_pages_allow_no_inline_code(client):
    policy = client.get("/")["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/", "/search/", "/tags/"])
def test_a_post_request_to_a_page_is_refused(client, path):
    assert client.post(path).status_code == 405


def test_a_change_is_visible_in_the_very_next_request(client):
    post = make_post(slug="a-post", title="Before")
    assert "Before" in client.get("/a-post/").content.decode()
    Post.objects.filter(pk=post.pk).update(title="After")
    assert "After" in client.get("/a-post/").content.decode()
    Post.objects.filter(pk=post.pk).update(published_at=timezone.now() + timedelta(hours=1))
    assert client.get("/a-post/").status_code == 404
