"""What a result quotes: the best passage around the words, the hits marked, all else escaped."""

import re
from typing import Any

import pytest

from posts import snippets
from posts.models import Post
from tests.factories import make_post

pytestmark = pytest.mark.django_db


def quote(query: str, *, text: str = "", **values) -> snippets.Snippet:
    """Return the snippet of a post of that plain text."""
    post: Any = make_post(**{"title": "T", "excerpt": "", **values})
    Post.objects.filter(pk=post.pk).update(plain_text=text)
    post.refresh_from_db()
    snippets.add([post], snippets.stems(query))
    found: snippets.Snippet = post.snippet
    return found


def hits(html: str) -> list[str]:
    return re.findall(r"<mark>(.*?)</mark>", html)


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("reoffending", "They reoffend. Reoffended!", ["reoffend", "Reoffended"]),
        ("reoffending", "They are re-offending", ["re-offending"]),
        ("re-offending", "They reoffend.", ["reoffend"]),
        ("organization", "An organisation, organised by organs.", ["organisation", "organised"]),
        ("labor", "Labour in the centre", ["Labour"]),
        ("center", "Labour in the centre", ["centre"]),
        ("policies", "A policy, policing", ["policy"]),
        ("probation", "Probation’s end", ["Probation’s"]),
        ("cafe", "The Café", ["Café"]),
        ("the probation", "The probation", ["probation"]),
        ("probation -prison", "Probation in a prison", ["Probation"]),
        ('probation -"open prison"', "Probation in an open prison", ["Probation"]),
        ("or", "Either or", ["or"]),
    ],
)  # fmt: skip
def test_words_are_marked_in_all_their_forms_and_no_other(query, text, marked):
    assert hits(quote(query, text=text).text) == marked


def test_title_and_excerpt_are_marked_too():
    shown = quote("probation", title="On probation", excerpt="All about probation.")
    assert shown.title == "On <mark>probation</mark>"
    assert shown.text == "All about <mark>probation</mark>."


def test_an_excerpt_that_says_less_than_the_body_gives_way():
    text = "Filler. " * 50 + "Probation and prisons. " + "Filler. " * 50
    shown = quote("probation prisons", excerpt="Probation.", text=text)
    assert "<mark>Probation</mark> and <mark>prisons</mark>." in shown.text


def test_the_passage_with_most_of_the_words_is_quoted():
    text = (
        "Prison. " + "Filler words. " * 60 + "The prison reform bill. " + "Filler. " * 90 + "Bill."
    )
    shown = quote("prison reform bill", text=text).text
    assert "The <mark>prison</mark> <mark>reform</mark> <mark>bill</mark>." in shown
    assert len(re.sub(r"<.*?>", "", shown)) < 500


def test_a_quotation_begins_with_a_sentence_or_a_word_and_ends_with_one():
    text = (
        "Some words that go before it and are too many to be quoted. " * 30
        + "A new sentence about probation here. "
        + "After it. " * 60
    )
    shown = quote("probation", text=text).text
    assert "… A new sentence about <mark>probation</mark> here." in shown
    assert shown.startswith("…")
    assert shown.endswith("…")
    assert set(re.findall(r"\w+", re.sub("<.*?>", "", shown))) <= set(re.findall(r"\w+", text))


@pytest.mark.parametrize("text", ["<b>probation</b> & \x02more\x03", "probation<script>alert(1)"])
def test_what_is_quoted_is_escaped_and_cannot_forge_a_hit(text):
    shown = quote("probation", text=text, title="<i>probation</i> \x02x\x03", excerpt="\x02x\x03")
    html = f"{shown.title} {shown.text}"
    assert hits(html) == ["probation", "probation"]
    assert set(re.findall(r"<.*?>", html)) == {"<mark>", "</mark>"}


@pytest.mark.parametrize("word", ["mark", "amp", "lt", "script"])
def test_a_search_for_markup_marks_words_only(word):
    shown = quote(f"{word} probation", text=f"A <{word}> & probation")
    assert re.sub(r"</?mark>", "", shown.text) == f"A &lt;{word}&gt; &amp; probation"


def test_a_hit_deep_in_a_long_body_is_found_and_little_of_it_read():
    text = "Filler words here. " * 9_000 + "The needle is probation. " + "Filler. " * 40_000
    assert "needle is <mark>probation</mark>" in quote("probation", text=text).text
    far = "Filler words here. " * 20_000 + "Probation."
    assert quote("probation", text=far).text == ""


@pytest.mark.parametrize(
    "query", ["((((", "a" * 200, ".* \\m [", "* " * 100, "re " * 60, "'; --", "ß œ", "\\", "…"]
)
def test_hostile_words_are_words(query):
    quote(query, text="Some text with re and (a) *.")


def test_a_page_of_posts_costs_one_query(django_assert_num_queries):
    posts = [make_post() for _ in range(10)]
    with django_assert_num_queries(1):
        snippets.add(posts, snippets.stems("probation"))
    with django_assert_num_queries(0):
        snippets.add(posts, frozenset())
        snippets.add([], snippets.stems("probation"))
