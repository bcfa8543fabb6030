"""What stops a post at the gate, in words that say where and how to mend it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from posts import gate
from posts.models import GateRule, Post, Redirect
from posts.rendering import render
from posts.rules import RULES, SHORTCODE
from tests.factories import make_post, make_tag
from tests.posts.test_images import make_image

pytestmark = pytest.mark.django_db
OURS = '<img src="/media/images/2026/11/chart.png" alt="A chart">'
NOW = timezone.now()


def found_in(body: str = "<p>Body.</p>", **values) -> gate.Findings:
    """Return what the gate says of a draft with this body, otherwise without fault."""
    post = make_post(status="draft", body=body, tags=(make_tag(),), **values)
    return gate.examine(post)


def said(found: gate.Findings) -> list[str]:
    return found.blocking + found.warnings


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<img src="https://tracker.example/p.gif" alt="x">', "not in the media library"),
        ('<img src="data:image/png;base64,AAAA" alt="x">', "not in the media library"),
        ('<img src="//evil.example/a.png" alt="x">', "not in the media library"),
        ('<img src="/media/images/a.png" alt="">', "“a.png” has no alternative text"),
        ('<img src="/media/images/a.png">', "“a.png” has no alternative text"),
        ('<a href="www.nao.org.uk">NAO</a>', "Write https://"),
        ('<a href="//evil.example">x</a>', "leads nowhere"),
        ('<a href="https://">x</a>', "leads nowhere"),
        ('<a href="https://http://nao.org.uk">x</a>', "leads nowhere"),
        ('<a href="https://nao org.uk/a">x</a>', "leads nowhere"),
        ('<a href="https://[::1">x</a>', "leads nowhere"),
        ('<a href="mailto:nobody">x</a>', "leads nowhere"),
        ('<a href="">x</a>', "leads nowhere"),
        ('<a href="/no-such-post/">here</a>', "“/no-such-post/” on “here” leads to no page"),
        ('<a href="/admin/posts/post/1/change/">x</a>', "that readers can open"),
        ('<a href="#nowhere">x</a>', "leads to no page"),
        ("[caption id=3]Old[/caption]", "left-over shortcode, “[caption id=3]”"),
    ],
)
def test_a_fault_stops_the_post_with_the_way_to_mend_it(body, words):
    assert words in " ".join(found_in(f"<p>{body}</p>").blocking)


@pytest.mark.parametrize(
    "body",
    ["", OURS, '<img src="/media/images/a.png" alt="" role="presentation">',
     '<a href="/tags/">a</a>', '<a href="/2013/04/">a</a>', '<a href="/feed/atom/">a</a>',
     '<a href="/media/images/a.png">a</a>', '<a href="#comments">b</a>',
     '<a href="https://a.test/x?q=1#y">c</a>', '<a href="mailto:a@example.org">d</a>',
     '<a href="http://testserver.test:8000/elsewhere">e</a>',
     '<a href="#notes">b</a><h2>Notes</h2>', "[2019] EWCA Civ 3", "he was [sic] there"],
)  # fmt: skip
def test_a_right_body_goes_through(body):
    assert not said(found_in(f"<p>First.</p>{body}"))


@pytest.mark.parametrize(
    ("values", "is_alive"),
    [
        ({}, True),
        ({"published_at": NOW + timedelta(days=1)}, True),
        ({"status": "draft"}, False),
        ({"status": "withdrawn"}, False),
    ],
    ids=["public", "scheduled", "draft", "withdrawn"],
)
def test_a_link_to_a_post_lives_if_readers_can_or_will_open_it(values, is_alive):
    make_post(slug="other", **values)
    found = found_in('<p><a href="/other/">a</a> <a href="/other">b</a></p>')
    assert bool(said(found)) is not is_alive


def test_a_post_may_link_to_its_own_page():
    assert not said(found_in('<p><a href="/mine/#end">a</a></p><h2>End</h2>', slug="mine"))


def test_an_old_address_leads_on_and_one_that_is_gone_does_not():
    Redirect.objects.create(path="/moved/", post=make_post())
    Redirect.objects.create(path="/gone/")
    found = found_in('<p><a href="/moved/">a</a> <a href="/moved">b</a> <a href="/gone/">c</a></p>')
    assert [text.partition("”")[0] for text in found.blocking] == ["The link “/gone/"]


def test_the_links_of_a_body_cost_two_queries(django_assert_num_queries):
    links = "".join(f'<a href="/post-{number}/">x</a>' for number in range(40))
    post = make_post(body=f"<p>{links}</p>")
    with django_assert_num_queries(3):  # The levels, the posts, and what moved.
        found = gate.examine(post, has_tags=True)
    assert len(found.blocking) == 40


@pytest.mark.parametrize("code", [
    "[gallery ids=“1,2”]", "[/caption]", "[vc_row]", "[vc_column width='1/2']", "[/vc_row]",
    '[audio src="a.mp3"]', "[embed]", "[contact-form-7 id=1]", "[et_pb_section fb_built=1]",
    "[wp_caption]",
])  # fmt: skip
def test_shortcodes_of_any_plug_in_are_found(code):
    assert SHORTCODE.search(f"Before {code} after.")


@pytest.mark.parametrize("words", [
    "[2019] EWCA", "[sic]", "[my italics]", "[R (on the application of Smith)]", "[video]", "[...]",
    "[emphasis added]", "[a/b]", "[n = 40]", "[and/or]", "[the] result", "[1]", "[p. 4]",
])  # fmt: skip
def test_honest_brackets_are_prose(words):
    assert not SHORTCODE.search(f"Before {words} after.")


def test_a_shortcode_shown_as_code_is_an_example():
    assert not said(found_in("<pre><code>[gallery]</code></pre><p>and <code>[vc_row]</code></p>"))


@pytest.mark.parametrize(
    ("excerpt", "words"),
    [
        ("", "Choose an excerpt"),
        ("Probation is paid …", "simply the first words"),
        ("A passage from the middle.", ""),
        ("Probation is", "simply the first words"),
    ],
)
def test_an_excerpt_is_chosen(excerpt, words):
    found = found_in("<p><b>Prob</b>ation is paid by results.</p>", excerpt=excerpt)
    assert words in " ".join(found.blocking)
    assert bool(said(found)) is bool(words)


def test_a_post_needs_a_tag():
    assert "at least one tag" in gate.examine(make_post()).blocking[0]


@pytest.mark.parametrize(
    ("values", "is_stopped"),
    [
        ({}, True),
        ({"lead_image_alt": "A chart"}, False),
        ({"lead_image_is_decorative": True}, False),
    ],
)
def test_a_lead_image_is_described_or_decoration(values, is_stopped):
    found = found_in(lead_image=make_image(), **values)
    assert bool(found.blocking) is is_stopped


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"title": "Long " * 25}, "The title has"),
        ({"body": "<h2>A</h2><h4>B</h4>"}, "Make it level 3"),
        ({"body": "<h3>B</h3>"}, "Make it level 2"),
        ({"body": '<img src="/media/images/a.png" alt="IMG_2034.jpg">'}, "a file's name"),
        ({"body": '<img src="/media/images/a.png" alt="Screenshot 2014-03-01">'}, "a file's name"),
    ],
)
def test_a_lesser_fault_is_a_warning(values, words):
    found = found_in(**values)
    assert not found.blocking
    assert words in found.warnings[0]


def test_headings_may_step_back_any_number_of_levels():
    assert not said(found_in("<h2>A</h2><h3>B</h3><h4>C</h4><h2>D</h2>"))


def test_editors_set_how_much_a_fault_weighs():
    GateRule.objects.create(rule="title_length", level="block")
    GateRule.objects.create(rule="heading_order", level="off")
    found = found_in("<h2>A</h2><h4>B</h4>", title="Long " * 25)
    assert "The title has" in found.blocking[0]
    assert not found.warnings


def test_a_level_that_means_nothing_is_refused_by_postgres():
    with pytest.raises(IntegrityError):
        GateRule.objects.create(rule="tag", level="maybe")


def test_every_rule_has_a_name_of_its_own():
    assert len({rule.name for rule in RULES}) == len(RULES)


def test_what_the_gate_stops_stays_as_it_was():
    post = make_post(status="draft", published_at=None)
    with pytest.raises(gate.StoppedError) as stopped:
        gate.publish(post, now=NOW)
    assert "at least one tag" in stopped.value.findings.blocking[0]
    assert Post.objects.get().status == Post.Status.DRAFT


def test_what_is_examined_is_the_row_not_what_was_read_before():
    post = make_post(status="draft", published_at=None, tags=(make_tag(),))
    Post.objects.update(excerpt="")
    with pytest.raises(gate.StoppedError):
        gate.publish(post, now=NOW)


def test_a_post_with_warnings_is_published_and_they_are_told():
    post = make_post(status="draft", published_at=None, title="Long " * 25, tags=(make_tag(),))
    passed = gate.publish(post, now=NOW)
    assert passed.is_new
    assert "The title has" in passed.warnings[0]
    assert Post.objects.published(NOW).get() == post


def test_a_foreign_image_never_reaches_a_reader_whatever_door_it_came_by():
    page = render(f'<p>Before</p><figure><img src="https://tracker.example/p.gif"></figure>{OURS}')
    assert "tracker" not in page.html
    assert "chart.png" in page.html
