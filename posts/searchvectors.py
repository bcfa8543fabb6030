"""The words of a post as search keeps them: a vector of terms, made for a whole archive at a time.

A vector holds, for each post,
- stems with their places, weight A for the title, B for tags with their other names, C for
  standfirst, excerpt and authors, D for the body;
- "=word": a word as it is written, for spelling; "#" for every post;
- "+stem", "*stem", "!stem", "^stem": the stem says much here, more, very much, or stands in the
  title. These are the upper tiers of the index (Manning, Raghavan & Schütze 2008, section 7.2.1):
  of a common word the best posts are found without looking at all that hold it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from posts.tokens import STOP_WORDS, WORD_CACHE, read, runs

FIELD_WEIGHTS = {"A": 8.0, "B": 2.0, "C": 2.0, "D": 1.0}
LENGTH_SHARE = 0.6  # of a body's length that counts against its words: b of BM25
USUAL_LENGTH = 500  # words of a body that are no stop words; the tiers need no exact one
TIERS = {"+": 2.5, "*": 6.0, "!": 15.0}  # weighted occurrences from which a word is of that tier
GAP = 20  # places between two fields, so that no phrase reaches across
SPELLED_FROM = 4  # letters: shorter words have no wrong letter, they are other words
LAST_PLACE = 16_383  # PostgreSQL keeps no higher place of a word
EVERY = "#"

_AS_TEXT = [str(place) for place in range(LAST_PLACE + 1)]


@dataclass(frozen=True, slots=True)
class Vector:
    """What an entry of the index holds: `text` is the vector as PostgreSQL reads it.

    `title` are the stems of the title, without words of grammar unless it holds no others;
    `length` the words of the body that are no stop words; `terms` all that the vector holds, once.
    """

    title: list[str]
    length: int
    terms: list[str]
    text: str


def vector(title: str, tags: str, summary: str, body: str) -> Vector:
    """Return the vector of these texts, tags and summary line by line. Pure."""
    said = _Said()
    said.add(title, "A")
    for weight, lines in (("B", tags), ("C", summary)):
        for line in lines.split("\n"):
            said.add(line, weight)
    said.add(body, "D")
    stems = said.counts["A"]
    bare = [EVERY, *_tiers(said)]
    bare += [f"={word}" for word in said.words if len(word) >= SPELLED_FROM and word.isalpha()]
    placed = [f"'{stem}':{','.join(places)}" for stem, places in said.places.items()]
    return Vector(
        title=[stem for stem in stems if stem not in STOP_WORDS] or list(stems),
        length=said.length,
        terms=[*bare, *said.places],
        # No term holds a quote or a backslash.
        text="'" + "' '".join(bare) + "' " + " ".join(placed),
    )


def nearby(word: str) -> list[str]:
    """Return the word, and the word without each of its letters: two such lists meet for words
    that differ by a letter added, missing, wrong or exchanged with its neighbour."""
    return list({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})


@dataclass(slots=True)
class _Said:
    """Where each stem stands, how often it does in each field, and the words as written."""

    places: dict[str, list[str]] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(
        default_factory=lambda: {name: {} for name in FIELD_WEIGHTS}
    )
    words: set[str] = field(default_factory=set)
    next_place: int = 1

    @property
    def length(self) -> int:
        return sum(self.counts["D"].values())

    def add(self, text: str, weight: str) -> None:
        """Add a text behind a gap: each word is looked into once, however often it comes."""
        found, last = _placed(text, self.next_place)
        known_by = _telling if weight != "A" else _all_told
        counts, places, written = self.counts[weight], self.places, self.words
        suffix = "" if weight == "D" else weight
        is_long = last > LAST_PLACE
        for run, starts in found.items():
            for word, stem, offset in known_by(run):
                counts[stem] = counts.get(stem, 0) + len(starts)
                written.add(word)
                if is_long:
                    stands = _kept(starts, offset, suffix, is_known=stem in places)
                elif offset or suffix:
                    stands = [f"{start + offset}{suffix}" for start in starts]
                else:
                    stands = [_AS_TEXT[start] for start in starts]
                if stem in places:
                    places[stem] += stands
                else:
                    places[stem] = stands
        self.next_place = last + GAP


def _kept(starts: list[int], offset: int, suffix: str, *, is_known: bool) -> list[str]:
    """Return the places PostgreSQL can keep; of a word that stands behind all of them the last."""
    kept = [start + offset for start in starts if start + offset <= LAST_PLACE]
    if not kept and not is_known:
        kept = [LAST_PLACE]
    return [f"{place}{suffix}" for place in kept]


def _placed(text: str, start: int) -> tuple[dict[str, list[int]], int]:
    """Return where each run of a text begins, and the last place that is taken."""
    found: dict[str, list[int]] = {}
    place = start
    for run in runs(text):
        if run in found:
            found[run].append(place)
        else:
            found[run] = [place]
        place += 1 if run.isalnum() else read(run)[1]
    return found, max(start, place - 1)


@lru_cache(maxsize=WORD_CACHE)
def _all_told(run: str) -> tuple[tuple[str, str, int], ...]:
    return tuple((word, stem, offset) for word, stem, offset, _ in read(run)[0])


@lru_cache(maxsize=WORD_CACHE)
def _telling(run: str) -> tuple[tuple[str, str, int], ...]:
    """Return the words that tell something: a title may be made of words of grammar alone;
    elsewhere they say nothing."""
    return tuple(told for told in _all_told(run) if told[0] not in STOP_WORDS)


def _tiers(said: _Said) -> Iterator[str]:
    shortened = FIELD_WEIGHTS["D"] * (
        1 / (1 - LENGTH_SHARE + LENGTH_SHARE * said.length / USUAL_LENGTH)
    )
    weighed = {stem: shortened * count for stem, count in said.counts["D"].items()}
    for name in "ABC":
        weight = FIELD_WEIGHTS[name]
        for stem, count in said.counts[name].items():
            weighed[stem] = weighed.get(stem, 0.0) + weight * count
    least = TIERS["+"]
    for stem, much in weighed.items():
        if much >= least:
            yield from _of(stem, much)
    yield from (f"^{stem}" for stem in said.counts["A"])


def _of(stem: str, much: float) -> Iterable[str]:
    return (f"{tier}{stem}" for tier, least in TIERS.items() if much >= least)
