"""Every feed of the site passes the rules feed validators apply."""

from datetime import timedelta

import pytest
from django.utils import timezone
from lxml import etree

from posts.models import CoAuthor, Correction, Series
from tests.comments.factories import published
from tests.factories import make_author, make_post, make_tag
from tests.posts import feed_rules
from tests.posts.test_images import make_image

pytestmark = pytest.mark.django_db

OF = ["", "/tag/tag-x", "/author/author-x", "/series/series-x"]
FEEDS = [f"{of}/feed/{kind}" for of in OF for kind in ("", "atom/", "json/")] + ["/hard-one/feed/"]
BODY = """
<p>Before <a href="/other/">ours</a>, <a href="#costs">here</a>, <a href="//a.test/x">theirs</a>
and a note<small role="doc-footnote">With a <a href="/tags/">link</a>.</small>\x0b &amp; “more”.</p>
<h2>Costs</h2>
<table><tbody><tr><th><p>A</p></th></tr><tr><td><p>1 &lt; 2</p></td></tr></tbody></table>
"""


def make_hard_post():
    """Return a post with all that can spoil a feed."""
    tag = make_tag(slug="tag-x", name="A & B <c>\x0b")
    author = make_author(slug="author-x", name='Ann "Q" O’Neil\x02 & Sons')
    series = Series.objects.create(slug="series-x", title="A <series> & more\x0b")
    image = make_image()
    post = make_post(
        title="1 < 2 & 3 > 2\x0b", slug="hard-one", excerpt="An excerpt with <b> & “quotes”\x1f.",
        body=BODY + f'<p><img src="{image.image_file.url}" alt="x"></p>', tags=(tag,),
        author=author, series=series,
        lead_image=image, lead_image_alt="A <red> square", lead_image_credit="R & D",
    )  # fmt: skip
    CoAuthor.objects.create(post=post, author=make_author(name="Second"))
    Correction.objects.create(post=post, text="Was 1.\x0b See https://a.test/?a=1&b=2")
    make_post(tags=(tag,), author=author, series=series, excerpt="", body="<p>Bare.</p>")
    make_post(tags=(tag,), author=author, series=series, excerpt="", body="", title="Empty")
    published(post=post, body="A *comment* & https://a.test/ \x0b")
    return post


@pytest.mark.parametrize("content", ["full", "excerpt"])
def test_every_feed_is_valid(client, settings, content):
    settings.FEED_CONTENT = content
    make_hard_post()
    found = {path: feed_rules.faults(client.get(path), path) for path in FEEDS}
    assert {path: faults for path, faults in found.items() if faults} == {}


@pytest.mark.parametrize("path", ["/feed/", "/feed/atom/", "/feed/json/", "/bare/feed/"])
def test_a_feed_of_nothing_is_valid_and_stays_the_same(client, path):
    make_post(slug="bare") if "bare" in path else None
    first = client.get(path)
    assert feed_rules.faults(first, path) == []
    assert client.get(path).content == first.content


@pytest.mark.parametrize(
    ("path", "spoilt", "by"),
    [
        ("/feed/", "a relative address", lambda text: text.replace("http://testserver.test", "")),
        ("/feed/", "RFC 822", lambda text: text.replace("+0000</pubDate>", "GMT+1</pubDate>")),
        ("/feed/", "claims to be", lambda text: text.replace(' isPermaLink="false"', "")),
        ("/feed/", "rel=self", lambda text: text.replace("/feed/", "/rss/")),
        ("/feed/atom/", "without author", lambda text: text.replace("author>", "writer>")),
        ("/feed/atom/", "RFC 3339", lambda text: text.replace("+00:00</updated>", "</updated>")),
        ("/feed/json/", "without content", lambda text: text.replace("content_html", "body")),
    ],
)  # fmt: skip
def test_the_rules_find_what_is_spoilt(client, path, spoilt, by):
    make_post(body='<p><a href="/other/">x</a></p>')
    response = client.get(path)
    response.content = by(response.content.decode()).encode()
    try:
        found = feed_rules.faults(response, path)
    except KeyError as error:  # What is not there at all.
        found = [f"without content: {error}"]
    assert any(spoilt in fault for fault in found)


@pytest.mark.parametrize("path", ["/feed/", "/feed/atom/", "/feed/json/"])
def test_a_post_that_goes_leaves_the_feed_and_its_date_with_it(client, path):
    old = make_post(title="Older", published_at=timezone.now() - timedelta(days=9))
    make_post(title="Newer").withdraw()
    text = client.get(path).content.decode()
    assert "Newer" not in text
    assert old.title in text


def test_rss_has_the_summary_and_the_whole_text_apart(client):
    make_hard_post()
    items = etree.fromstring(client.get("/feed/").content).iterfind("channel/item")
    item = next(item for item in items if item.findtext(feed_rules.CONTENT).count("Costs"))
    assert item.findtext("description") == "An excerpt with &lt;b&gt; &amp; “quotes”."
    whole = item.findtext(feed_rules.CONTENT)
    order = [whole.index(words) for words in ("Was 1.", "A &lt;red&gt; square", "Before", "Costs")]
    assert order == sorted(order)
    assert item.find(feed_rules.MEDIA).get("url") in whole


@pytest.mark.parametrize("path", ["/feed/", "/feed/atom/", "/feed/json/", "/tag/tag-x/feed/"])
def test_by_the_setting_feeds_carry_the_excerpt_and_the_notices_alone(client, settings, path):
    settings.FEED_CONTENT = "excerpt"
    make_hard_post()
    text = client.get(path).content.decode()
    assert "Was 1." in text
    assert "An excerpt with" in text
    assert "Bare." in text, "without an excerpt the first words stand in"
    assert "Before" not in text.replace("Before this", "")


@pytest.mark.parametrize("kind", ["", "atom/", "json/"])
def test_a_topics_old_address_leads_to_the_same_format(client, kind):
    tag = make_tag(slug="old")
    make_post(tags=(tag,))
    tag.move_to("new")
    tag.save()
    response = client.get(f"/tag/old/feed/{kind}")
    assert (response.status_code, response["Location"]) == (301, f"/tag/new/feed/{kind}")


def test_the_id_of_a_topics_feed_survives_a_new_address(client):
    tag = make_tag(slug="old")
    make_post(tags=(tag,))
    before = etree.fromstring(client.get("/tag/old/feed/atom/").content)
    tag.move_to("new")
    tag.save()
    after = etree.fromstring(client.get("/tag/new/feed/atom/").content)
    assert before.findtext(f"{feed_rules.ATOM}id") == after.findtext(f"{feed_rules.ATOM}id")


@pytest.mark.parametrize("path", ["/feed/", "/feed/atom/", "/tag/tag-x/feed/json/"])
def test_a_feed_costs_the_same_queries_at_any_length(client, django_assert_max_num_queries, path):
    tag = make_tag(slug="tag-x")
    for _ in range(5):
        make_post(tags=(tag,))
    with django_assert_max_num_queries(4):
        client.get(path)


def test_the_topics_of_an_entry_stand_in_the_same_order_each_time(client):
    tags = [make_tag(name=name) for name in ("Prisons", "Audit", "Money")]
    make_post(tags=tuple(tags))
    assert client.get("/feed/json/").json()["items"][0]["tags"] == ["Audit", "Money", "Prisons"]
