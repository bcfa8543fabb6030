"""Footnotes: numbered where they stand, listed at the end, in ids no other post has."""

import json
import re

import pytest

from posts.rendering import absolute_links, render
from tests.factories import make_post


def note(text: str) -> str:
    return f'<small role="doc-footnote">{text}</small>'


def test_notes_are_numbered_by_place_and_listed_with_ways_back():
    page = render(f"<p>One{note('First <em>x</em>.')} two{note('Second.')}.</p>", key="a-post")
    assert '<a href="#fn:a-post:1" aria-label="Note 1" id="fnref:a-post:1"' in page.html
    assert re.findall(r'<li id="([^"]+)">', page.html) == ["fn:a-post:1", "fn:a-post:2"]
    assert 'First <em>x</em>. <a href="#fnref:a-post:1" aria-label="Back to note 1' in page.html
    assert page.html.index("<h2 id=") > page.html.index(" two")


def test_every_link_between_mark_and_note_finds_its_place_once():
    page = render(f"<h2>Note 1</h2><p>A{note('a')}</p><h2>fn</h2><p>B{note('b')}</p>", key="k").html
    ids = re.findall(r'id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_a_notes_words_are_found_and_glued_to_nothing():
    text = render(f"<p>Ninety{note('Men')} left.</p><p>Then{note('Later')}.</p>").text
    assert text == "Ninety left. Then. Men Later"


def test_a_note_in_a_heading_is_in_neither_its_anchor_nor_the_contents():
    body = f"<h2>Costs{note('In pounds.')}</h2><h2>B</h2><h2>C</h2><h2>D</h2>"
    page = render(body)
    assert page.contents[0] == {"id": "costs", "title": "Costs"}
    assert len(page.contents) == 4


@pytest.mark.parametrize("empty", ["", " ", "<em></em>"])
def test_an_empty_note_leaves_no_mark(empty):
    assert render(f"<h2>a{note(empty)}b</h2>").html == '<h2 id="ab">ab</h2>'


def test_a_note_in_a_note_is_part_of_it():
    nested = note(f"b {note('c')} d")
    assert render(f"<p>a{nested}</p>").html.count("<li") == 1


def test_a_foreign_image_in_a_note_reaches_no_reader():
    foreign = note('b<img src="https://tracker.example/p.gif">')
    assert "tracker" not in render(f"<p>a{foreign}</p>").html


@pytest.mark.django_db
def test_in_a_feed_no_two_posts_share_a_notes_id_and_links_lead_to_the_page(client, settings):
    for slug in ("first", "second"):
        make_post(slug=slug, body=f"<p>a{note('b')}</p>")
    items = json.loads(client.get("/feed/json/").content)["items"]
    ids = [found for item in items for found in re.findall(r' id="([^"]+)"', item["content_html"])]
    assert len(ids) == len(set(ids)) == 6
    for item in items:
        links = re.findall(r'href="([^"#]+)#([^"]+)"', item["content_html"])
        assert {page for page, _ in links} == {item["url"]}
        assert {place for _, place in links} < set(ids)


@pytest.mark.django_db
def test_the_page_of_a_post_holds_its_notes_once(client):
    post = make_post(body=f"<p>a{note('The note itself.')}</p>")
    page = client.get(post.get_absolute_url()).content.decode()
    assert page.count("The note itself.") == 1
    assert 'role="doc-endnotes"' in page


def test_a_link_within_the_post_leads_to_its_page_from_elsewhere():
    html = absolute_links('<p><a href="#costs">x</a></p>', page="/a-post/")
    assert 'href="http://testserver.test/a-post/#costs"' in html
