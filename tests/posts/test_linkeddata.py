"""JSON-LD and Open Graph: what search engines require of each kind of page, and nothing private."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import html

from posts.models import CoAuthor, Correction, Post, Series
from tests.factories import make_author, make_post, make_staff, make_tag
from tests.posts.test_images import make_image

pytestmark = pytest.mark.django_db

# Google's documentation of structured data and schema.org: what must be there, of which kind.
REQUIRED: dict[str, dict[str, type | tuple[type, ...]]] = {
    "Article": {"headline": str, "image": list, "datePublished": str, "dateModified": str,
                "author": list, "publisher": dict, "mainEntityOfPage": str, "wordCount": int},
    "ProfilePage": {"mainEntity": dict},
    "BreadcrumbList": {"itemListElement": list},
    "WebSite": {"name": str, "url": str},
    "SearchAction": {"target": dict, "query-input": str},
    "CollectionPage": {"name": str, "url": str, "isPartOf": dict},
    "CreativeWorkSeries": {"name": str, "url": str},
    "Person": {"name": str, "url": str},
    "Organization": {"name": str, "url": str},
    "ImageObject": {"url": str},
    "ListItem": {"position": int, "name": str},
    "CorrectionComment": {"text": str, "datePublished": str},
    "EntryPoint": {"urlTemplate": str},
}  # fmt: skip


def page_of(client, path: str) -> Any:
    return html.fromstring(client.get(path).content)


def documents(page: Any) -> dict[str, dict[str, Any]]:
    """Return the documents of a page by their type, each of them whole."""
    texts = page.xpath("//script[@type='application/ld+json']/text()")
    found = {document["@type"]: document for document in map(json.loads, texts)}
    for document in found.values():
        assert document["@context"] == "https://schema.org"
        check(document)
    return found


def check(value: Any) -> None:
    if isinstance(value, list):
        for one in value:
            check(one)
    if not isinstance(value, dict):
        return
    for name, kind in REQUIRED[value["@type"]].items():
        assert isinstance(value[name], kind), (value["@type"], name)
    for name, inner in value.items():
        assert inner not in (None, "", [], {}), f"{name} is empty"
        if name in {"url", "item", "mainEntityOfPage"}:
            assert urlsplit(inner).netloc == "testserver.test"
        check(inner)


def opened(page: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meta in page.xpath("//meta[@property]"):
        found.setdefault(meta.get("property"), []).append(meta.get("content"))
    return found


def whole_post() -> Post:
    tag = make_tag(slug="tag-x", name="Probation")
    series = Series.objects.create(slug="series-x", title="A series")
    person = make_author(slug="author-x", name="Ruth Example", role="Editor", bio="Writes.")
    post = make_post(slug="a-post", author=person, tags=(tag,), topic=tag, series=series,
                     lead_image=make_image(), lead_image_alt="x")  # fmt: skip
    CoAuthor.objects.create(post=post, author=make_author(name="Office", is_organisation=True))
    Correction.objects.create(post=post, text="Was wrong.")
    return post


@pytest.mark.parametrize(
    "make", [whole_post, lambda: make_post(slug="a-post", excerpt="", body="")]
)
def test_a_post_says_all_an_article_has_to(client, make):
    make()
    found = documents(page_of(client, "/a-post/"))
    assert set(found) == {"Article", "BreadcrumbList"}
    assert all(image["width"] and image["height"] for image in found["Article"]["image"])


def test_a_post_says_who_wrote_it_and_what_it_belongs_to(client):
    whole_post()
    found = documents(page_of(client, "/a-post/"))
    article = found["Article"]
    assert [author["@type"] for author in article["author"]] == ["Person", "Organization"]
    assert (article["isPartOf"]["name"], article["articleSection"]) == ("A series", "Probation")
    assert article["correction"][0]["text"] == "Was wrong."
    names = [step["name"] for step in found["BreadcrumbList"]["itemListElement"]]
    assert names == ["Home", "Probation", article["headline"]]


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("/", {"WebSite"}),
        ("/author/author-x/", {"ProfilePage", "BreadcrumbList"}),
        ("/tag/tag-x/", {"CollectionPage", "BreadcrumbList"}),
        ("/series/series-x/", {"CreativeWorkSeries", "BreadcrumbList"}),
    ],
)
def test_each_kind_of_page_says_what_it_is(client, path, kinds):
    whole_post()
    assert set(documents(page_of(client, path))) == kinds


def test_the_home_page_says_how_the_site_is_searched(client):
    action = documents(page_of(client, "/"))["WebSite"]["potentialAction"]
    assert (
        action["target"]["urlTemplate"] == "http://testserver.test/search/?q={search_term_string}"
    )


@pytest.mark.parametrize(
    "path", ["/a-post/", "/tag/tag-x/", "/author/author-x/", "/series/series-x/"]
)
def test_no_words_close_the_element_they_stand_in(client, path):
    hostile = "</script><script>alert(1)</script><!-- & "
    whole_post()
    for rows in (Post, Series):
        rows.objects.update(title=hostile)
    page = page_of(client, path)
    assert documents(page)
    assert page.xpath("//script[not(@src) and not(@type='application/ld+json')]") == []


def test_an_authors_log_in_and_address_are_nobodys_business(client):
    whole_post()
    user = make_staff(username="secretlogin", email="secret@example.org")
    Post.objects.get().author.__class__.objects.filter(slug="author-x").update(user=user)
    for path in ("/a-post/", "/author/author-x/"):
        text = client.get(path).content.decode()
        assert "secret" not in text


@pytest.mark.parametrize(
    "path", ["/", "/a-post/", "/tag/tag-x/", "/author/author-x/", "/series/series-x/", "/archive/",
             "/tags/", "/about/"]
)  # fmt: skip
def test_every_page_has_its_own_address_and_what_open_graph_requires(client, path):
    whole_post()
    page = page_of(client, path)
    assert page.xpath("//link[@rel='canonical']/@href") == [f"http://testserver.test{path}"]
    found = opened(page)
    for name in ("title", "type", "url", "image", "description", "site_name", "locale"):
        assert len(found[f"og:{name}"]) == 1, name
        assert found[f"og:{name}"][0]
    assert found["og:image"][0].startswith("http://testserver.test/")


def test_a_post_tells_networks_its_author_section_and_tags(client):
    whole_post()
    found = opened(page_of(client, "/a-post/"))
    assert found["article:author"][0] == "http://testserver.test/author/author-x/"
    assert len(found["article:author"]) == 2
    assert (found["article:section"], found["article:tag"]) == (["Probation"], ["Probation"])
    assert {"article:published_time", "article:modified_time"} <= set(found)


def test_a_missing_page_claims_no_address(client):
    assert page_of(client, "/nothing-here/").xpath("//link[@rel='canonical']") == []
