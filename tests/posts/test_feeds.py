"""RSS, Atom and JSON Feed, and the files for machines."""

import json

import pytest
from lxml import etree

from tests.factories import make_author, make_post, make_tag

pytestmark = pytest.mark.django_db

FEEDS = ["/feed/", "/feed/atom/", "/feed/json/", "/tag/tag-x/feed/", "/author/author-x/feed/"]


def make_two(**values):
    tag, author = make_tag(slug="tag-x"), make_author(slug="author-x")
    make_post(title="Hidden", tags=(tag,), author=author, status="draft")
    return make_post(title="Shown", tags=(tag,), author=author, **values)


@pytest.mark.parametrize("path", FEEDS)
def test_a_feed_carries_public_posts_only(client, path):
    make_two()
    text = client.get(path).content.decode()
    assert "Shown" in text
    assert "Hidden" not in text


@pytest.mark.parametrize("path", FEEDS)
def test_a_new_slug_or_domain_does_not_send_the_post_out_again(client, settings, path):
    post = make_two()
    assert post.feed_id in client.get(path).content.decode()
    post.slug = "another-address"
    post.save()
    settings.SITE_URL, settings.SITE_HOST = "https://moved.example.org", "moved.example.org"
    assert post.feed_id in client.get(path).content.decode()


@pytest.mark.parametrize("path", ["/feed/", "/feed/atom/", "/tag/tag-x/feed/"])
def test_xml_feeds_are_well_formed_and_links_absolute(client, path):
    make_two(body='<p>A <a href="/other/">link</a> &amp; more</p>')
    response = client.get(path)
    etree.fromstring(response.content)
    assert "http://testserver.test/other/" in response.content.decode()


@pytest.mark.parametrize("path", ["/feed/", "/feed/atom/", "/tag/tag-x/feed/"])
def test_a_pasted_control_character_does_not_break_the_feed(client, path):
    tag = make_tag(slug="tag-x", name="Vertical\x0btab")
    author = make_author(name="Ann\x02")
    make_post(title="A\x0btitle", body="<p>A\x0b body\ufffe</p>", tags=(tag,), author=author)
    etree.fromstring(client.get(path).content)


def test_the_json_feed_follows_version_1_1(client):
    post = make_two()
    response = client.get("/feed/json/")
    feed = json.loads(response.content)
    assert response["Content-Type"] == "application/feed+json"
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["items"][0]["url"] == f"http://testserver.test/{post.slug}/"


@pytest.mark.parametrize("path", FEEDS)
def test_an_unchanged_feed_is_not_sent_twice(client, path):
    make_two()
    tag = client.get(path)["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["/robots.txt", "/opensearch.xml"])
def test_files_for_machines_name_the_site(client, path):
    assert "http://testserver.test/" in client.get(path).content.decode()


@pytest.mark.parametrize("path", ["/tag/none/feed/", "/author/none/feed/", "/none/feed/"])
def test_an_unknown_feed_is_404(client, path):
    assert client.get(path).status_code == 404
