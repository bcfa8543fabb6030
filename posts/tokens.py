"""The words of a text as search knows them: folded, of one spelling, stemmed, each with its place.

Text and queries go through here, so that what was written and what is asked meet: "Re-offending",
"reoffending"; "Labour", "labor"; "18f.gsa.gov", "18f gsa gov"; "probation’s", "probation".
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from posts.orthography import common_spelling, folded
from posts.stemming import stem

LONGEST_WORD = 40  # letters; what is longer is no word anybody asks for
MOST_PARTS = 3  # of a word with hyphens that may be written as one: "pre-sentence", "re-offending"
HYPHENS = "-‐‑"  # the plain one, Unicode's own, the one that does not break

# Words of grammar: too common to tell posts apart. Asked for alone they count all the same.
_STOPPED = """
    a about above after again against all am an and any are as at be because been before being
    below between both but by can could did do does doing down during each few for from further
    had has have having he her here hers herself him himself his how i if in into is it its itself
    just me more most my myself no nor not now of off on once only or other our ours ourselves out
    over own same she should so some such than that the their theirs them themselves then there
    these they this those through to too under until up very was we were what when where which
    while who whom why will with would you your yours yourself yourselves s t cannot dont isnt arent
    wasnt werent hasnt havent hadnt doesnt didnt wont wouldnt shouldnt couldnt im ive youre youve
    theyre weve thats theres lets
"""
STOP_WORDS = frozenset(_STOPPED.split())

_TOKEN = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’ʼ]s?$|['’ʼ]s(?=['’ʼ])")
_APOSTROPHE = re.compile(r"['’ʼ]")


class Token(NamedTuple):
    """A word of a text: as it is written, folded; what search knows it by; which word it is."""

    word: str
    stem: str
    place: int
    is_compound: bool = False  # "reoffending" for "re-offending": it has both their places

    @property
    def is_stop_word(self) -> bool:
        return self.word in STOP_WORDS


@lru_cache(maxsize=100_000)
def stem_of(word: str) -> str:
    """Return what search knows a folded word by."""
    return stem(common_spelling(word))


def tokens(text: str, *, start: int = 1) -> Iterator[Token]:
    """Yield the words of a text with their places, a hyphenated one also as one word."""
    place, end = start, -1
    joined: list[str] = []
    text = folded(text)
    for found in _TOKEN.finditer(text):
        if joined and not (found.start() == end + 1 and text[end] in HYPHENS):
            if len(joined) > 1:
                yield from _compound(joined, place)
            joined = []
        word, known_by = _read(found[0])
        joined.append(word)
        end = found.end()
        yield Token(word, known_by, place)
        place += 1
    yield from _compound(joined, place)


@lru_cache(maxsize=100_000)
def _read(written: str) -> tuple[str, str]:
    """Return a word without the apostrophe of possession or contraction, and its stem."""
    word = _APOSTROPHE.sub("", _POSSESSIVE.sub("", written))[:LONGEST_WORD]
    return word, stem_of(word)


def _compound(parts: list[str], place: int) -> Iterator[Token]:
    if 1 < len(parts) <= MOST_PARTS:
        word = "".join(parts)[:LONGEST_WORD]
        known_by = stem_of(word)
        yield Token(word, known_by, place - len(parts), is_compound=True)
        yield Token(word, known_by, place - 1, is_compound=True)  # before what follows, too
