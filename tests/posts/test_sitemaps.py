"""The sitemap: an index of files that hold every public page once, with honest dates."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from lxml import etree

from posts import sitemaps
from posts.models import Post, Series
from tests.factories import make_author, make_post, make_tag
from tests.posts.test_images import make_image

pytestmark = pytest.mark.django_db
NS = {
    "s": "http://www.sitemaps.org/schemas/sitemap/0.9",
    "image": "http://www.google.com/schemas/sitemap-image/1.1",
}


def locations(client, path: str) -> list[str]:
    root = etree.fromstring(client.get(path).content)
    found = root.xpath("//s:loc/text()", namespaces=NS)
    return [address.removeprefix("http://testserver.test") for address in found]


def everything(client) -> list[str]:
    return [path for file in locations(client, "/sitemap.xml") for path in locations(client, file)]


def lastmod(client, file: str, path: str) -> str | None:
    root = etree.fromstring(client.get(file).content)
    of = f"//s:url[s:loc='http://testserver.test{path}']/s:lastmod/text()"
    return next(iter(root.xpath(of, namespaces=NS)), None)


def test_each_kind_of_page_is_listed_once_and_nothing_hidden(client):
    series = Series.objects.create(title="S", slug="series-x")
    tag, author = make_tag(slug="tag-x"), make_author(slug="author-x")
    make_post(slug="shown", tags=(tag,), author=author, series=series)
    make_post(slug="hidden", tags=(make_tag(slug="tag-y"),), status="draft", author=make_author())
    assert sorted(everything(client)) == sorted([
        "/", "/tags/", "/archive/", "/about/", "/corrections/", "/privacy/",
        "/shown/", "/tag/tag-x/", "/author/author-x/", "/series/series-x/",
    ])  # fmt: skip


def test_an_empty_site_has_a_sitemap_of_its_pages(client):
    assert locations(client, "/sitemap.xml") == ["/sitemap-pages.xml"]
    assert "/about/" in everything(client)


def test_posts_stand_in_files_by_their_numbers_and_stay_there(client, monkeypatch):
    monkeypatch.setattr(sitemaps, "SECTION", 2)
    posts = [make_post() for _ in range(4)]
    listed = [path for path in everything(client) if path.startswith("/post-")]
    assert listed == [post.get_absolute_url() for post in posts]
    file = f"/sitemap-posts-{(posts[0].pk - 1) // 2 + 1}.xml"
    before = locations(client, file)
    posts[3].withdraw()
    make_post()
    assert locations(client, file) == before


@pytest.mark.parametrize("path", ["posts-999", "posts-0", "posts-" + "9" * 60, "nothing", "series"])
def test_a_file_without_an_address_is_404(client, path):
    make_post()
    assert client.get(f"/sitemap-{path}.xml").status_code == 404


def test_the_date_is_that_of_the_last_real_change_and_not_of_a_save(client):
    out, mended = datetime(2020, 1, 1, tzinfo=UTC), datetime(2021, 2, 2, tzinfo=UTC)
    post = make_post(slug="a-post", published_at=out)
    file = f"/sitemap-posts-{(post.pk - 1) // sitemaps.SECTION + 1}.xml"
    post.save()
    assert lastmod(client, file, "/a-post/") == "2020-01-01T00:00:00+00:00"
    Post.objects.update(revised_at=mended)
    assert lastmod(client, file, "/a-post/") == "2021-02-02T00:00:00+00:00"
    index = client.get("/sitemap.xml").content.decode()
    assert f"{file}</loc><lastmod>2021-02-02T00:00:00+00:00" in index


def test_a_lead_image_is_named_with_its_full_address(client):
    image = make_image()
    post = make_post(lead_image=image, lead_image_alt="x")
    file = f"/sitemap-posts-{(post.pk - 1) // sitemaps.SECTION + 1}.xml"
    root = etree.fromstring(client.get(file).content)
    (address,) = root.xpath("//image:image/image:loc/text()", namespaces=NS)
    assert address == f"http://testserver.test{image.image_file.url}"


def test_a_scheduled_post_is_in_it_when_its_hour_comes(client):
    make_post(slug="soon", published_at=timezone.now() + timedelta(hours=1))
    assert "/soon/" not in everything(client)


@pytest.mark.parametrize(("path", "queries"), [("/sitemap.xml", 4), ("/sitemap-posts-1.xml", 2)])
def test_a_file_costs_the_same_queries_at_any_length(
    client, django_assert_num_queries, monkeypatch, path, queries
):
    monkeypatch.setattr(sitemaps, "SECTION", 10_000_000)
    for _ in range(3):
        make_post(tags=(make_tag(),), author=make_author())
        with django_assert_num_queries(queries):
            client.get(path)


def test_robots_are_shown_the_way_to_it(client):
    assert (
        "Sitemap: http://testserver.test/sitemap.xml" in client.get("/robots.txt").content.decode()
    )
