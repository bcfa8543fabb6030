"""The words of a text as search knows them: folded, of one spelling, stemmed, each with its place.

Text and queries go through here, so that what was written and what is asked meet: "Re-offending",
"reoffending"; "Labour", "labor"; "18f.gsa.gov", "18f gsa gov"; "probation’s", "probation".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from posts.orthography import common_spelling, folded
from posts.stemming import stem

LONGEST_WORD = 40  # letters; what is longer is no word anybody asks for

# Words of grammar: too common to tell posts apart. Asked for alone they count all the same.
STOP_WORDS = frozenset(
    """
    a about above after again against all am an and any are as at be because been before being
    below between both but by can could did do does doing down during each few for from further
    had has have having he her here hers herself him himself his how i if in into is it its itself
    just me more most my myself no nor not now of off on once only or other our ours ourselves out
    over own same she should so some such than that the their theirs them themselves then there
    these they this those through to too under until up very was we were what when where which
    while who whom why will with would you your yours yourself yourselves s t d ll m re ve don isn
    aren wasn weren hasn haven hadn doesn didn wouldn shouldn couldn dont isnt arent wasnt werent
    hasnt havent hadnt doesnt didnt wont wouldnt shouldnt couldnt im ive youre youve theyre weve
""".split()
)

_TOKEN = re.compile(r"[^\W_]+(?:['’ʼ][^\W_]+)*")
_JOINED = re.compile(r"[-‐‑]")
_POSSESSIVE = re.compile(r"['’ʼ]s?$|['’ʼ]s(?=['’ʼ])")
_APOSTROPHE = re.compile(r"['’ʼ]")


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text: as it is written, folded; what search knows it by; which word it is."""

    word: str
    stem: str
    position: int
    is_compound: bool = False  # "reoffending" for "re-offending": in the place of its first part

    @property
    def is_stop_word(self) -> bool:
        return self.word in STOP_WORDS


@lru_cache(maxsize=100_000)
def stem_of(word: str) -> str:
    """Return what search knows a folded word by."""
    return stem(common_spelling(word))


def tokens(text: str, *, start: int = 1) -> Iterator[Token]:
    """Yield the words of a text with their positions, a hyphenated one also as one word."""
    position = start
    text = folded(text)
    joined: list[str] = []
    end = -1
    for found in _TOKEN.finditer(text):
        word = _plain(found[0])[:LONGEST_WORD]
        if joined and not (found.start() == end + 1 and _JOINED.match(text, end)):
            yield from _compound(joined, position)
            joined = []
        joined.append(word)
        end = found.end()
        yield Token(word, stem_of(word), position)
        position += 1
    yield from _compound(joined, position)


def _plain(word: str) -> str:
    """Return the word without the apostrophe of possession or contraction."""
    return _APOSTROPHE.sub("", _POSSESSIVE.sub("", word))


def _compound(parts: list[str], position: int) -> Iterator[Token]:
    if 1 < len(parts) <= 3:
        word = "".join(parts)[:LONGEST_WORD]
        yield Token(word, stem_of(word), position - len(parts), is_compound=True)
