"""The same words again: the writer's own, known spam, and what somebody else wrote, plus a link."""

import re
from collections.abc import Iterable, Iterator

from rapidfuzz import fuzz, process

from comments.submissions import Finding, Piece, Submission
from comments.tokens import EMAIL, URL, folded, without_links, words_of

ALIKE = 90  # Per cent, after folding case and white space.
COMPARED_LENGTH = 1_000
SHORT = 24  # Below this many characters only an equal text is a duplicate: "Thank you!"
IN_A_ROW = 5  # words; pieces of that length hardly come twice by chance
COPIED_SHARE = 0.8  # of those pieces
SHORTEST_COPY = 9  # words


def repeated(submission: Submission) -> Iterator[Finding]:
    if alike := _likeness(submission.body, submission.own_texts):
        yield Finding("repeated", f"{alike} % like an own comment")


def known_spam(submission: Submission) -> Iterator[Finding]:
    """Find known spam again; what had a link is not meant where there is none.

    Spam copies honest comments and adds a link: their writers are not to pay for that.
    """
    has_link = bool(URL.search(submission.body))
    known = (text for text in submission.spam_texts if has_link or not URL.search(text))
    if alike := _likeness(submission.body, known):
        yield Finding("known-spam", f"{alike} % like known spam")


def copied(submission: Submission) -> Iterator[Finding]:
    """Find words of the post or of another's comment with a link added, quotations apart.

    Without a link it is nothing: somebody who agrees may well repeat a sentence.
    """
    if not URL.search(submission.body) and "<a " not in submission.body_html:
        return
    own = pieces_of(_unquoted(submission.body))
    if len(own) < SHORTEST_COPY - IN_A_ROW + 1:
        return
    needed = COPIED_SHARE * len(own)
    if len(own & pieces_of(submission.post_text)) >= needed:
        yield Finding("copied", "the post's own words and a link")
        return
    if len(own & submission.earlier_pieces) >= needed:
        yield Finding("copied", "an earlier comment and a link")


def pieces_of(text: str) -> set[Piece]:
    """Return every five words in a row, links left out."""
    words = words_of(folded(EMAIL.sub(" ", without_links(text))))
    return {tuple(words[at : at + IN_A_ROW]) for at in range(len(words) - IN_A_ROW + 1)}


def _unquoted(text: str) -> str:
    return re.sub(r"(?m)^\s*>.*$", " ", text)


def _likeness(text: str, others: Iterable[str]) -> int:
    """Return how alike the nearest text is in per cent; 0 when none is alike enough."""
    wanted = _flat(text)
    cutoff = ALIKE if len(wanted) >= SHORT else 100
    best = process.extractOne(
        wanted, [_flat(other) for other in others], scorer=fuzz.ratio, score_cutoff=cutoff
    )
    return round(best[1]) if best else 0


def _flat(text: str) -> str:
    return " ".join(text.casefold().split())[:COMPARED_LENGTH]
