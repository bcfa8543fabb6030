"""Paragraph anchors: ids that stay while the text around them changes, and links to copy."""

import importlib
import re

import pytest
from django.apps import apps

from posts import gate
from posts.models import Post
from posts.rendering import absolute_links, render
from tests.factories import make_post

FIRST = "<p>The cohort in Peterborough was measured against others of its kind.</p>"
SECOND = "<p>Reconvictions fell by less than the contract asked for in its first year.</p>"
NOTE = '<small role="doc-footnote">A note.</small>'


def ids(body: str) -> list[str]:
    return re.findall(r'<p id="(p-[^"]+)"', render(body).html)


def test_a_paragraph_has_an_id_and_a_link_to_itself_that_needs_no_script():
    (anchor,) = ids(FIRST)
    assert re.fullmatch(r"p-[0-9a-f]{6}", anchor)
    assert (
        f'<a class="pin" href="#{anchor}" aria-label="Link to this paragraph"></a>The cohort'
        in (render(FIRST).html)
    )


@pytest.mark.parametrize(
    "edited",
    [
        f"<p>New.</p>{FIRST}<h2>Costs</h2>{SECOND}",
        f"{SECOND}{FIRST}",
        f"{FIRST.replace('</p>', ' Or so it seemed.</p>')}{SECOND}",
        f"{FIRST.replace('cohort', 'Cohort').replace('was', '<em>was</em>')}{SECOND}",
        f"{FIRST.replace('cohort in', f'cohort{NOTE} in')}{SECOND}",
        f"<h2>Costs{NOTE}</h2>{FIRST.replace('cohort in', f'cohort{NOTE} in')}{SECOND}",
    ],
    ids=["inserted", "moved", "continued", "emphasis", "a note", "another note before it"],
)
def test_an_id_survives_what_changes_around_its_first_words(edited):
    assert set(ids(FIRST + SECOND)) <= set(ids(edited))


def test_two_paragraphs_that_begin_alike_have_two_ids():
    first, second = ids("<p>And so on.</p><p>And so on.</p>")
    assert second == f"{first}-2"


@pytest.mark.parametrize(
    "body",
    ["<ul><li><p>An item</p></li></ul>", "<table><tbody><tr><td><p>A cell</p><p>b</p></td></tr>"
     "</tbody></table>", "<p>—</p>", f"<h2>A{NOTE}</h2>"],
    ids=["list", "table", "no word", "note"],
)  # fmt: skip
def test_what_is_no_paragraph_of_the_text_has_none(body):
    assert "pin" not in render(body).html


def test_feeds_search_and_word_counts_know_nothing_of_them():
    page = render(FIRST)
    assert absolute_links(page.html) == FIRST
    assert page.text == FIRST[3:-4]


def test_an_id_is_a_target_the_publish_gate_knows(db):
    (anchor,) = ids(FIRST)
    post = make_post(body=f'{FIRST}<p><a href="#{anchor}">Above</a> and below.</p>')
    assert anchor not in str(gate.examine(post))
    post.body = post.body.replace(f"#{anchor}", "#p-000000")
    assert "p-000000" in str(gate.examine(post))


def test_posts_from_before_are_given_what_a_save_gives(db):
    body = f"{FIRST}<p>a{NOTE}</p><blockquote><p>“q” &amp; r</p></blockquote><table></table>"
    post = make_post(body=body)
    Post.objects.update(body_html=absolute_links(post.body_html))
    migration = importlib.import_module("posts.migrations.0026_paragraph_anchors")
    for _ in range(2):
        migration.pin(apps, None)
        assert ids(body) == re.findall(r'<p id="(p-[^"]+)"', Post.objects.get().body_html)
