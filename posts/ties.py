"""What ties a post to others beside its words: the editor's choices, its series, links by hand."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from posts.models import Citation, Post, RelatedChoice

_PLACE = ("series", "series_position", "published_at", "pk")


@dataclass
class Ties:
    """All of it as numbers of posts; only the pins may be of posts that are not public."""

    pins: list[int] = field(default_factory=list)  # in the editor's order
    bans: set[int] = field(default_factory=set)
    parts: list[int] = field(default_factory=list)  # of the series, the nearest first
    cites: set[int] = field(default_factory=set)
    cited_by: set[int] = field(default_factory=set)


def ties(post_ids: Collection[int], now: datetime) -> dict[int, Ties]:
    """Return the ties of each of these posts; four queries, however many posts."""
    found = {pk: Ties() for pk in post_ids}
    _add_choices(found)
    _add_parts(found, now)
    _add_links(found)
    return found


def _add_choices(found: dict[int, Ties]) -> None:
    choices = RelatedChoice.objects.filter(post__in=found).order_by("position", "pk")
    for post, related, verdict in choices.values_list("post", "related", "verdict"):
        if verdict == RelatedChoice.Verdict.PIN:
            found[post].pins.append(related)
        else:
            found[post].bans.add(related)


def _add_parts(found: dict[int, Ties], now: datetime) -> None:
    """The next part comes first, then the one before, and so on outwards."""
    members = Post.objects.filter(pk__in=found, series__isnull=False).order_by()
    own = list(members.values_list(*_PLACE))
    if not own:
        return
    public: dict[int, set[tuple]] = defaultdict(set)
    parts = Post.objects.published(now).filter(series__in={series for series, *_ in own}).order_by()
    for row in parts.values_list(*_PLACE):
        public[row[0]].add(row)
    for row in own:
        series, *_, post = row
        line = [pk for *_, pk in sorted({*public[series], row}, key=_in_order)]
        found[post].parts = _outwards(line, line.index(post))


def _outwards(line: list[int], here: int) -> list[int]:
    """Return the others by their distance; of two as far, the one that comes after."""
    places = sorted(range(len(line)), key=lambda at: (abs(at - here), at < here))
    return [line[at] for at in places[1:]]


def _in_order(row: tuple) -> tuple:
    """Numbered parts by number; others after them, by the moment they came out."""
    _, position, published_at, pk = row
    return (position is None, position or 0, published_at is None, published_at, pk)


def _add_links(found: dict[int, Ties]) -> None:
    links = Citation.objects.filter(Q(post__in=found) | Q(target__in=found), target__isnull=False)
    for post, target in links.order_by().values_list("post", "target").distinct():
        if post in found:
            found[post].cites.add(target)
        if target in found:
            found[target].cited_by.add(post)
