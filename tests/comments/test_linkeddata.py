"""What search engines are told of a post's comments."""

import json

import pytest
from lxml import html

from tests.comments.factories import CANARY, make_comment, published
from tests.factories import make_post

pytestmark = pytest.mark.django_db


def data_of(client, post) -> list[dict]:
    page = html.fromstring(client.get(f"/{post.slug}/").content)
    scripts = page.xpath("//script[@type='application/ld+json']/text()")
    return [found for found in map(json.loads, scripts) if "commentCount" in found]


def test_comments_join_the_article_by_its_id(client):
    comment = published(body="*Yes* & <no>", name="</script>", email=CANARY)
    post = comment.post
    (data,) = data_of(client, post)
    assert data["@id"] == f"http://testserver.test/{post.slug}/#article"
    assert data["commentCount"] == 1
    (said,) = data["comment"]
    assert said["author"] == {"@type": "Person", "name": "</script>"}
    assert said["text"] == "Yes & <no>"
    assert said["url"] == f"http://testserver.test{comment.get_absolute_url()}"
    assert set(said) == {"@type", "url", "author", "datePublished", "text"}


def test_only_the_first_comments_are_told_of_and_all_are_counted(client):
    post = make_post()
    for _ in range(22):
        published(post=post)
    (data,) = data_of(client, post)
    assert (data["commentCount"], len(data["comment"])) == (22, 10)


def test_what_is_not_public_is_not_told_of(client):
    comment = make_comment()
    assert data_of(client, comment.post) == []
