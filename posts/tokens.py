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

WORD_CACHE = 100_000  # words known at once, some ten megabytes
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

WORD = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_RUN = re.compile(rf"{WORD.pattern}(?:[{HYPHENS}]{WORD.pattern})*")
# The same in ASCII, which most texts are but for these signs: half the time.
_PLAIN_RUN = re.compile(r"[0-9a-z]+(?:['-][0-9a-z]+)*")
_SIGNS = {"’": "'", "‘": " ", "“": " ", "”": " ", "–": " ", "—": " ", "…": " ", "‐": "-"}
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


@lru_cache(maxsize=WORD_CACHE)
def stem_of(word: str) -> str:
    """Return what search knows a folded word by."""
    return stem(common_spelling(word))


def tokens(text: str, *, start: int = 1) -> Iterator[Token]:
    """Yield the words of a text with their places, a hyphenated one also as one word."""
    place = start
    for run in runs(text):
        said, length = read(run)
        for word, known_by, at, is_compound in said:
            yield Token(word, known_by, place + at, is_compound)
        place += length


def runs(text: str) -> list[str]:
    """Return the folded words of a text, those that hyphens join as one."""
    text = folded(text)
    for sign, instead in _SIGNS.items():
        text = text.replace(sign, instead)
    return (_PLAIN_RUN if text.isascii() else _RUN).findall(text)


def plain(written: str) -> str:
    """Return a word folded, without the apostrophe of possession or contraction."""
    return _APOSTROPHE.sub("", _POSSESSIVE.sub("", folded(written)))[:LONGEST_WORD]


@lru_cache(maxsize=WORD_CACHE)
def read(written: str) -> tuple[tuple[tuple[str, str, int, bool], ...], int]:
    """Return the words of what hyphens join, and how many places they take."""
    words = [plain(part) for part in WORD.findall(written)]
    said = [(word, stem_of(word), at, False) for at, word in enumerate(words)]
    if 1 < len(words) <= MOST_PARTS:
        whole = "".join(words)[:LONGEST_WORD]
        said += [(whole, stem_of(whole), at, True) for at in (0, len(words) - 1)]
    return tuple(said), len(words)
