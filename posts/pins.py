"""The editor's word on what stands beside a post: pinned, in which order, and never."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from posts import relatedness, revisions
from posts.history import RevisionNote
from posts.models import Post, RelatedChoice

MOST_PINS = 10  # as many as are stored; five of them are shown

Verdict = RelatedChoice.Verdict


class ChoiceError(Exception):
    """What was asked cannot be; the message says why, to the editor."""


def choose(
    post: Post, verb: str, other: Post | None, *, by: revisions.Person, now: datetime
) -> str:
    """Do what the verb says, have the list computed anew, keep a revision; return what was done.

    One transaction, under the post's lock. The post's row stays as it is: who has its form open
    meets no conflict. Returns "" where nothing had to change; raises `ChoiceError`.
    """
    with transaction.atomic():
        post.lock()
        revisions.catch_up([post.pk], now=now)
        said = VERBS[verb](post, other) if other else ""
        if said or verb == "compute":
            relatedness.relate(post.pk, with_neighbours=False)
        kind = RevisionNote.Kind.ELSEWHERE  # The post itself was not saved.
        revisions.record([post.pk], by=by, now=now, kind=kind, comment=said)
    return said or ("The list is computed anew." if verb == "compute" else "")


def _pin(post: Post, other: Post) -> str:
    pins = _pins(post)
    if other == post:
        raise ChoiceError("A post does not stand beside itself.")
    if other.pk in [pin.related_id for pin in pins]:
        return ""
    if len(pins) >= MOST_PINS:
        raise ChoiceError(f"{MOST_PINS} pinned posts are the most. Unpin one first.")
    place = {"verdict": Verdict.PIN, "position": len(pins) + 1}
    post.related_choices.update_or_create(related=other, defaults=place)
    return f"Pinned beside it: “{other}”"


def _ban(post: Post, other: Post) -> str:
    if other == post or post.related_choices.filter(related=other, verdict=Verdict.BAN).exists():
        return ""
    never = {"verdict": Verdict.BAN, "position": 0}
    post.related_choices.update_or_create(related=other, defaults=never)
    _number(_pins(post))
    return f"Never beside it: “{other}”"


def _clear(post: Post, other: Post) -> str:
    choice = post.related_choices.filter(related=other).first()
    if choice is None:
        return ""
    choice.delete()
    _number(_pins(post))
    is_pin = choice.verdict == Verdict.PIN
    return f"{'No longer pinned' if is_pin else 'May stand beside it again'}: “{other}”"


def _move(post: Post, other: Post, by: int) -> str:
    pins = _pins(post)
    place = next((at for at, pin in enumerate(pins) if pin.related_id == other.pk), None)
    if place is None or not 0 <= place + by < len(pins):
        return ""
    pins.insert(place + by, pins.pop(place))
    _number(pins)
    return f"Moved {'up' if by < 0 else 'down'}: “{other}”"


def _up(post: Post, other: Post) -> str:
    return _move(post, other, -1)


def _down(post: Post, other: Post) -> str:
    return _move(post, other, 1)


def _pins(post: Post) -> list[RelatedChoice]:
    return list(post.related_choices.filter(verdict=Verdict.PIN).order_by("position", "pk"))


def _number(pins: list[RelatedChoice]) -> None:
    """Have the pins stand in this order: 1, 2, 3."""
    for place, pin in enumerate(pins, 1):
        pin.position = place
    RelatedChoice.objects.bulk_update(pins, ["position"])


VERBS: dict[str, Callable[[Post, Post], str]] = {
    "pin": _pin, "ban": _ban, "clear": _clear, "up": _up, "down": _down,
}  # fmt: skip
