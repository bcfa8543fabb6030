"""The order of a post's list: pins, then parts of the series, then likeness; twins thinned."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from posts.likeness import Likeness, are_twins
from posts.ties import Ties


@dataclass(frozen=True)
class Place:
    """A post in the list; without a likeness when it could not be compared."""

    post_id: int
    likeness: Likeness | None = None
    is_pinned: bool = False
    is_part: bool = False


def arrange(ranked: Sequence[Likeness], tied: Ties, *, most: int) -> list[Place]:
    """Return the list, at most so many: no ban, nobody twice, no near-duplicate of one above."""
    known = {one.post_id: one for one in ranked}
    places = [Place(pk, known.get(pk), is_pinned=True) for pk in tied.pins[:most]]
    decided = tied.bans.union(tied.pins)
    parts = (Place(pk, known.get(pk), is_part=True) for pk in tied.parts)
    others = (Place(one.post_id, one) for one in ranked if one.score > 0)
    for place in _once([*parts, *others], decided):
        if len(places) == most:
            break
        if not any(_repeats(place, above) for above in places):
            places.append(place)
    return places


def _once(places: Iterable[Place], decided: set[int]) -> Iterator[Place]:
    seen = set(decided)
    for place in places:
        if place.post_id not in seen:
            seen.add(place.post_id)
            yield place


def _repeats(place: Place, above: Place) -> bool:
    if place.likeness is None or above.likeness is None:
        return False
    return are_twins(place.likeness.vector, above.likeness.vector)
