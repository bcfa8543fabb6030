"""The one allow-list: what may be in a body, and that no door leads past it."""

import json
from pathlib import Path

import pytest
from lxml import html

from posts import prose
from posts.models import Post, Tag
from posts.rendering import absolute_links
from tests.factories import make_post, make_tag

VECTORS = Path(__file__).parents[3] / "shared/data/xss/vectors.jsonl"
HOSTILE = '<p onclick="x()">a<script>x()</script><a href="javascript:x()">b</a></p>'
CONTROLS = "".join(map(chr, range(33)))  # What a browser skips before an address.
HARMLESS = "<p>a<a>b</a></p>"


def hostile() -> list[str]:
    if not VECTORS.exists():
        pytest.skip(f"no hostile HTML at {VECTORS}")
    return [json.loads(line)["payload"] for line in VECTORS.read_text().splitlines()]


def test_nothing_hostile_keeps_a_tag_or_an_attribute_that_acts():
    for payload in hostile():
        clean = prose.sanitize_body(payload)
        root = html.fragment_fromstring(clean, create_parent="div")
        for element in root.iter("script", "style", "iframe", "object", "form", "svg", "math"):
            raise AssertionError((payload, element.tag))
        for element in root.iter():
            assert not [name for name in element.attrib if name.startswith("on")], payload
            for name in ("href", "src"):
                target = element.get(name, "").lstrip(CONTROLS).lower()
                assert not target.startswith(("javascript", "vbscript", "data")), payload


def test_sanitising_twice_is_sanitising_once():
    for payload in [*hostile(), HOSTILE]:
        clean = prose.sanitize_body(payload)
        assert prose.sanitize_body(clean) == clean


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('<p>a<small role="doc-footnote">n</small></p>', None),
        ('<small role="alert">n</small>', "<small>n</small>"),
        ('<img src="/media/a.png" alt="" role="presentation">', None),
        ('<img src="/media/a.png" alt="x" role="button">', '<img src="/media/a.png" alt="x">'),
        ("<b>a</b><i>b</i><h1>c</h1><h6>d</h6>",
         "<strong>a</strong><em>b</em><h2>c</h2><h4>d</h4>"),
        ('<a href="http://testserver.test/a/">a</a>', '<a href="/a/">a</a>'),
        ('<a href="http://testserver.test">a</a>', '<a href="/">a</a>'),
        ('<a href="http://testserver.test.evil.example/">a</a>', None),
        ('<td colspan="1">a</td>', "a"),
        ('<ol type="a" start="3"><li>c</li></ol>', None),
        ('<p id="main" class="x" style="color:red" data-x="1">a</p>', "<p>a</p>"),
        ("<p></p>", ""),
        ("<p>a\x00\x0bb</p>", "<p>ab</p>"),
    ],
)  # fmt: skip
def test_only_what_the_editor_writes_is_kept(given, kept):
    assert prose.sanitize_body(given) == (given if kept is None else kept)


@pytest.mark.django_db
def test_a_body_assigned_in_a_script_is_sanitised_before_anybody_sees_it():
    post = make_post(body=HOSTILE)
    assert post.body == Post.objects.get().body == absolute_links(post.body_html) == HARMLESS


@pytest.mark.django_db
def test_saving_the_body_alone_makes_the_page_anew():
    post = make_post(body="<p>Old</p>")
    post.body = HOSTILE
    post.save(update_fields=["body"])
    stored = Post.objects.get()
    assert stored.body == absolute_links(stored.body_html) == HARMLESS
    assert stored.word_count == 1


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["update", "bulk_create", "bulk_update"])
def test_no_bulk_door_leads_past_the_allow_list(door):
    post = make_post()
    if door == "update":
        Post.objects.update(body=HOSTILE)
    elif door == "bulk_update":
        post.body = HOSTILE
        Post.objects.bulk_update([post], ["body"])
    else:
        Post.objects.bulk_create([Post(slug="another", body=HOSTILE, author=post.author)])
    assert Post.objects.order_by("-pk")[0].body == HARMLESS


@pytest.mark.django_db
def test_an_introduction_is_sanitised_when_saved_and_when_shown(client):
    tag = make_tag(introduction=f"{HOSTILE}<h2>No</h2>{{{{ post_count }}}}")
    assert "script" not in Tag.objects.get().introduction
    assert Tag(introduction=HOSTILE).live_introduction(3) == HARMLESS
    assert "<h2>No" not in tag.live_introduction(3)
