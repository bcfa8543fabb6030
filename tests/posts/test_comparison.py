"""What changed, in words: of texts, bodies, names, times."""

import random
import time
from datetime import UTC, datetime

import pytest

from posts.comparison import Change, Prose, Value, compare


def one(before: Value, after: Value) -> Change:
    (change,) = compare({"Body": before}, {"Body": after})
    return change


def test_only_labels_that_differ_are_changes_in_the_order_given():
    before: dict[str, Value] = {"Title": "One", "Excerpt": "Two", "Slug": "a"}
    after: dict[str, Value] = {"Slug": "b", "Title": "Other", "Excerpt": "Two"}
    assert [change.label for change in compare(before, after)] == ["Slug", "Title"]


def test_a_field_only_one_version_of_the_site_knows_is_no_change():
    assert compare({"Title": "A"}, {"Title": "A", "New field": "yes"}) == []


@pytest.mark.parametrize(
    ("before", "after", "gone", "come"),
    [
        ("Paid by results", "Paid for results", "<del>by</del>", "<ins>for</ins>"),
        (Prose("<p>Old word</p>"), Prose("<p>New word</p>"), "<del>Old</del>", "<ins>New</ins>"),
        (True, False, "<del>yes</del>", "<ins>no</ins>"),
        (("Pilots", "MoJ"), ("MoJ", "NAO"), "<del>Pilots</del>, MoJ", "MoJ, <ins>NAO</ins>"),
        ("", "Something", "<em>empty</em>", "<ins>Something</ins>"),
        (None, "x.png", "<em>empty</em>", "<ins>x.png</ins>"),
    ],
    ids=["text", "body", "yes or no", "names", "from nothing", "picture"],
)
def test_each_kind_of_value_marks_what_went_and_what_came(before, after, gone, come):
    change = one(before, after)
    assert gone in change.before_html
    assert come in change.after_html


def test_a_time_is_that_of_the_sites_zone_with_its_name():
    change = one(None, datetime(2026, 7, 4, 11, 2, tzinfo=UTC))
    assert "Saturday 4 July 2026, 12:02 BST" in change.after_html


@pytest.mark.parametrize("make", [str, Prose], ids=["text", "body"])
def test_markup_in_words_is_shown_and_never_run(make):
    change = one(make("safe"), make("&lt;script&gt;alert(1)&lt;/script&gt; <b"))
    assert "<script" not in change.after_html
    assert "<b" not in change.after_html


def test_of_a_body_the_words_count_and_the_tags_do_not():
    change = one(Prose("<p>So <strong>it</strong> is.</p>"), Prose("<p>So it was.</p>"))
    assert change.before_html == "<p>So it <del>is.</del></p>"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('<p><a href="/a/">here</a></p>', '<p><a href="/b/">here</a></p>', "here (link to /b/)"),
        ("<p>A b.</p>", "<h2>A b.</h2>", "¶ heading"),
        ("<p>A.</p>", '<p>A.</p><img src="/media/i/c.png" alt="Bars">', "[picture c.png: Bars]"),
        (
            "<p>Word.</p>",
            '<p>Word.<small role="doc-footnote">A note</small></p>',
            "<ins>[footnote: A note ]</ins>",
        ),
        ("<p>A b.</p>", "<p>A <em>b</em>.</p>", "Only the formatting differs"),
    ],
    ids=["link", "kind of paragraph", "picture", "footnote", "formatting alone"],
)
def test_what_an_editor_would_name_of_the_markup_is_told(before, after, said):
    assert said in one(Prose(before), Prose(after)).after_html


def test_far_apart_changes_are_passages_of_their_own():
    body = [f"<p>Paragraph {number}.</p>" for number in range(20)]
    other = ["<p>Changed.</p>", *body[1:19], "<p>Changed.</p>"]
    first, second = one(Prose("".join(body)), Prose("".join(other))).passages
    assert (first.skipped, second.skipped) == (0, 16)
    assert "Paragraph 10" not in first.before_html + second.before_html


def long_body(*, same: int) -> Prose:
    """Return 10,000 words of a small vocabulary, of which the first so many are always the same."""
    fixed, free = random.Random(1), random.Random()  # noqa: S311
    words = [f"w{(fixed if number < same else free).randrange(300)}" for number in range(10_000)]
    lines = [" ".join(words[start : start + 100]) for start in range(0, 10_000, 100)]
    return Prose("".join(f"<p>{line}.</p>" for line in lines))


@pytest.mark.parametrize("same", [9_950, 0], ids=["one paragraph differs", "all written anew"])
def test_ten_thousand_words_are_compared_at_once(same):
    before, after = long_body(same=same), long_body(same=same)
    start = time.process_time()
    compare({"Body": before}, {"Body": after})
    assert time.process_time() - start < 1
