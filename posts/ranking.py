"""In which order matching posts are listed: a rough order in PostgreSQL, a fine one for the best.

The rough score adds up, for each word, its rarity times the tiers it has in the post (see
`posts.indexing`): rows are read, vectors are not. The best hundred are then weighed by BM25F
(Robertson & Zaragoza 2009) over title, tags, summary and body, by words of the query that stand
side by side or near each other, and by how much of the title the query says. The parameters were
chosen on half of the queries of a real archive and checked on the other half; see the benchmark.
Where two posts weigh the same, the newer comes first.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from posts.conditions import Stems, Term
from posts.searchvectors import FIELD_WEIGHTS, LENGTH_SHARE
from posts.vocabulary import Vocabulary

SATURATION = 2.0  # k1 of BM25: twice a word is not twice as much
ADJACENT, NEAR, TITLE = 0.5, 0.25, 1.0  # what pairs of words and the title weigh besides
ADJACENT_IN = {"A": 4.0, "B": 1.0, "C": 1.5, "D": 1.0}
NEAR_IN = {"A": 2.0, "B": 0.0, "C": 1.0, "D": 1.0}
NEAR_PLACES = 8
STEPS = 1_000  # of the best score; within a step the newer post comes first

Places = list[tuple[int, str]]  # where a word stands, and in which field


@dataclass(frozen=True)
class Candidate:
    """A post that matches, as far as its order needs it."""

    post_id: int
    released_at: datetime
    rough: float
    length: int
    vector: str
    title_rarity: float  # of all words of the title together


def ranked(candidates: Sequence[Candidate], terms: Sequence[Term], known: Vocabulary) -> list[int]:
    """Return the numbers of the posts, best first."""
    scores = [_score(candidate, terms, known) for candidate in candidates]
    step = (max(scores, default=0.0) or 1.0) / STEPS
    order = sorted(
        zip(candidates, scores, strict=True),
        key=lambda pair: (int(pair[1] / step), pair[0].released_at, pair[0].post_id),
        reverse=True,
    )
    return [candidate.post_id for candidate, _ in order]


def _score(candidate: Candidate, terms: Sequence[Term], known: Vocabulary) -> float:
    places = [_places(candidate.vector, term) for term in terms]
    share = dict.fromkeys(FIELD_WEIGHTS, 1.0)
    share["D"] = 1 / (1 - LENGTH_SHARE + LENGTH_SHARE * candidate.length / known.mean_length)
    score = sum(
        term.weight * _saturated(sum(FIELD_WEIGHTS[name] * share[name] for _, name in found))
        for term, found in zip(terms, places, strict=True)
    )
    for (first, here), (second, there) in pairwise(zip(terms, places, strict=True)):
        if here and there:
            weight = (first.weight + second.weight) / 2
            score += weight * _together(here, there, second.place - first.place, share)
    return score + TITLE * _title_share(candidate, terms, places)


def _saturated(much: float, half: float = SATURATION) -> float:
    return much / (half + much)


def _places(vector: str, term: Term) -> Places:
    found = [place for form in term.forms for place in _form_places(vector, form)]
    return sorted(set(found)) if len(term.forms) > 1 else found


def _form_places(vector: str, form: Stems) -> Places:
    """Return where the words of a form stand together."""
    first = _stem_places(vector, form[0][0])
    for stem, after in form[1:]:
        others = {place for place, _ in _stem_places(vector, stem)}
        first = [(place, name) for place, name in first if place + after in others]
    return first


def _stem_places(vector: str, stem: str) -> Places:
    """Return the places of a stem in a vector as PostgreSQL writes it: 'stem':3A,17,29C."""
    start = vector.find(f"'{stem}':")
    if start < 0:
        return []
    start += len(stem) + 3
    end = vector.find(" ", start)
    listed = vector[start : end if end >= 0 else None].split(",")
    return [
        (int(place), "D") if place.isdecimal() else (int(place[:-1]), place[-1]) for place in listed
    ]


def _together(here: Places, there: Places, apart: int, share: dict[str, float]) -> float:
    """Return how much two words that follow in the query do so in the post, or are near."""
    others = [place for place, _ in there]
    known = set(others)
    adjacent = near = 0.0
    for place, name in here:
        if place + apart in known:
            adjacent += ADJACENT_IN[name] * share[name]
        at = bisect_left(others, place - NEAR_PLACES)
        if at < len(others) and others[at] <= place + NEAR_PLACES:
            near += NEAR_IN[name] * share[name]
    return ADJACENT * _saturated(adjacent, 1.0) + NEAR * _saturated(near, 1.0)


def _title_share(candidate: Candidate, terms: Sequence[Term], places: Sequence[Places]) -> float:
    """Return how much of the title the query says, times how much of the query the title says."""
    said = sum(
        term.weight
        for term, found in zip(terms, places, strict=True)
        if any(name == "A" for _, name in found)
    )
    whole = max(candidate.title_rarity, said)
    return said / whole * said if whole else 0.0
