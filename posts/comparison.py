"""What changed between two states of a post, in words, side by side.

Pure: it is given two mappings of labels to values and names no model. Texts are compared as
paragraphs first and as words only where paragraphs differ, so that a long body costs what its
changes cost. Of a body's tags nothing is shown but what an editor would name: where a link leads,
which picture, what kind of paragraph.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from itertools import groupby

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from posts import moments
from posts.paragraphs import (
    MARK,
    NOTE,
    Paragraph,
    paragraphs_of_html,
    paragraphs_of_text,
    sentences,
)

MOST_PAIRS = 1_000_000  # of a word before and a word after, laid against each other
EMPTY = "<em>empty</em>"
SAME_WORDS = "<em>Only the formatting differs, not the words.</em>"


@dataclass(frozen=True)
class Prose:
    """A value that is HTML: compared by what a reader sees of it."""

    html: str


Value = str | Prose | tuple[str, ...] | datetime | bool | None


@dataclass(frozen=True)
class Passage:
    """One stretch that changed, with a paragraph of its surroundings; both sides are safe HTML."""

    before_html: SafeString
    after_html: SafeString
    skipped: int = 0  # unchanged paragraphs left out in front of it


@dataclass(frozen=True)
class Change:
    """What became of one label's value: `<del>` marks what went, `<ins>` what came; safe HTML."""

    label: str
    before_html: SafeString
    after_html: SafeString
    passages: tuple[Passage, ...]


def compare(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[Change]:
    """Return a change for each label whose value differs, in the order of `after`.

    A label only one side knows (its field came or went with a new version of the site) says
    nothing about the post, and is left out.
    """
    labels = [label for label in after if label in before and before[label] != after[label]]
    return [_change(label, before[label], after[label]) for label in labels]


def _change(label: str, before: Value, after: Value) -> Change:
    passages = tuple(_passages(before, after))
    return Change(
        label=label,
        before_html=_joined(passage.before_html for passage in passages),
        after_html=_joined(passage.after_html for passage in passages),
        passages=passages,
    )


def _passages(before: Value, after: Value) -> list[Passage]:
    if isinstance(before, tuple) and isinstance(after, tuple):
        return [Passage(_names(before, after, "del"), _names(after, before, "ins"))]
    if isinstance(before, str | Prose) and isinstance(after, str | Prose):
        return _text_passages(_paragraphs(before), _paragraphs(after))
    return [Passage(_whole(before, "del"), _whole(after, "ins"))]


def _names(mine: tuple[str, ...], others: tuple[str, ...], tag: str) -> SafeString:
    """Return the names, those the other side lacks marked."""
    marked = [_tagged(tag, name) if name not in others else escape(name) for name in mine]
    return _paragraph(", ".join(marked) or EMPTY)


def _whole(value: Value, tag: str) -> SafeString:
    """Return a value that has no words to compare, marked as a whole."""
    return _paragraph(_tagged(tag, said(value)) if value not in {None, ""} else EMPTY)


def said(value: Value) -> str:
    """Return a value in words; a time is that of the site's zone, with its name."""
    if isinstance(value, datetime):
        return moments.in_words(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(value)
    return value.html if isinstance(value, Prose) else value or ""


# -- Texts: paragraphs, then words ------------------------------------------------------------

Words = list[tuple[str, bool]]  # each token, and whether the other side lacks it
Run = tuple[bool, Sequence[Paragraph], Sequence[Paragraph]]  # equal?, before, after


def _paragraphs(value: str | Prose) -> list[Paragraph]:
    if isinstance(value, Prose):
        return paragraphs_of_html(value.html)
    return paragraphs_of_text(value)


def _text_passages(before: list[Paragraph], after: list[Paragraph]) -> list[Passage]:
    """Return what changed, each stretch with a paragraph before and after it."""
    if before == after:
        return [Passage(_paragraph(SAME_WORDS), _paragraph(SAME_WORDS))]
    passages = []
    shown = 0
    for group in SequenceMatcher(None, before, after).get_grouped_opcodes(1):
        old: Words = []
        new: Words = []
        for kind, low, high, other_low, other_high in group:
            mark = _unmarked if kind == "equal" else _by_words
            marked = mark(before[low:high], after[other_low:other_high])
            old += marked[0]
            new += marked[1]
        passages.append(Passage(_side(old, "del"), _side(new, "ins"), group[0][1] - shown))
        shown = group[-1][2]
    return passages


def _by_words(old: Sequence[Paragraph], new: Sequence[Paragraph]) -> tuple[Words, Words]:
    """Return both sides with the words marked that the other lacks.

    Two texts too long to be laid against each other word by word (a body written anew) are
    compared by their sentences first.
    """
    if _pairs(old, new) <= MOST_PAIRS:
        return _aligned(_single_words(old), _single_words(new), _marked)
    return _aligned(sentences(old), sentences(new), _by_words_if_few)


def _by_words_if_few(old: Sequence[Paragraph], new: Sequence[Paragraph]) -> tuple[Words, Words]:
    return (_by_words if _pairs(old, new) <= MOST_PAIRS else _marked)(old, new)


def _pairs(old: Sequence[Paragraph], new: Sequence[Paragraph]) -> int:
    return sum(map(len, old)) * sum(map(len, new))


def _single_words(texts: Sequence[Paragraph]) -> list[Paragraph]:
    return [(token,) for text in texts for token in text]


def _aligned(
    old: Sequence[Paragraph],
    new: Sequence[Paragraph],
    differing: Callable[[Sequence[Paragraph], Sequence[Paragraph]], tuple[Words, Words]],
) -> tuple[Words, Words]:
    before: Words = []
    after: Words = []
    for is_equal, mine, others in _without_islands(_runs(old, new)):
        marked = (_unmarked if is_equal else differing)(mine, others)
        before += marked[0]
        after += marked[1]
    return before, after


def _runs(old: Sequence[Paragraph], new: Sequence[Paragraph]) -> list[Run]:
    codes = SequenceMatcher(None, old, new).get_opcodes()
    return [(kind == "equal", old[a:b], new[c:d]) for kind, a, b, c, d in codes]


def _without_islands(runs: list[Run]) -> list[Run]:
    """Return the runs with a word or two that stayed amid a rewriting taken as rewritten too."""
    joined: list[Run] = []
    for number, run in enumerate(runs):
        is_island = (
            run[0]
            and 0 < number < len(runs) - 1
            and len(run[1]) <= min(_size(runs[number - 1]), _size(runs[number + 1]), 3)
        )
        is_changed = not run[0] or is_island
        if joined and is_changed and not joined[-1][0]:
            last = joined.pop()
            run = (False, [*last[1], *run[1]], [*last[2], *run[2]])
        elif is_island:
            run = (False, run[1], run[2])
        joined.append(run)
    return joined


def _size(run: Run) -> int:
    return max(len(run[1]), len(run[2]))


def _unmarked(old: Sequence[Paragraph], new: Sequence[Paragraph]) -> tuple[Words, Words]:
    return _flagged(old, is_marked=False), _flagged(new, is_marked=False)


def _marked(old: Sequence[Paragraph], new: Sequence[Paragraph]) -> tuple[Words, Words]:
    return _flagged(old, is_marked=True), _flagged(new, is_marked=True)


def _flagged(texts: Sequence[Paragraph], *, is_marked: bool) -> Words:
    return [(token, is_marked) for text in texts for token in text]


# -- HTML ---------------------------------------------------------------------------------------


def _side(words: Words, tag: str) -> SafeString:
    """Return the tokens as paragraphs, runs of marked ones in one element each."""
    paragraphs = []
    line: Words = []
    for token, is_marked in words:
        if not token.startswith(MARK):
            line.append((token, is_marked))
            continue
        if is_marked and not all(flag for _, flag in line):
            line.append((f"¶ {token[len(MARK) :]}".strip(), True))
        paragraphs.append(_line(line, tag))
        line = []
    return _joined(paragraphs) or _paragraph(EMPTY)


def _line(words: Words, tag: str) -> SafeString:
    runs = []
    for is_marked, run in groupby(words, key=lambda word: word[1]):
        text = " ".join(_shown(token, is_marked) for token, _ in run)
        runs.append(_tagged(tag, text) if is_marked else escape(text))
    return _paragraph(" ".join(runs))


def _shown(token: str, is_marked: bool) -> str:
    """Return the word; where it changed with what is known of it, such as where it leads."""
    word, _, note = token.partition(NOTE)
    return f"{word} ({note})" if note and is_marked else word


def _tagged(tag: str, text: str) -> SafeString:
    return _safe(f"<{tag}>{escape(text)}</{tag}>")


def _paragraph(safe: str) -> SafeString:
    return _safe(f"<p>{safe}</p>")


def _joined(parts: Iterable[str]) -> SafeString:
    return _safe("".join(parts))


def _safe(markup: str) -> SafeString:
    """Vouch for markup made here: every word of it went through `escape`."""
    return mark_safe(markup)  # noqa: S308
