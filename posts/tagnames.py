"""What tags are called: all their names at once, and names that look like one another."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import F
from rapidfuzz import fuzz, process

from posts.models import Tag, TagAlias

ALIKE = 88.0  # of 100; "Probation Service" and "Probation Services" have 97
LOOKED_AT = 12  # nearest names, since a tag's own are among them
SHORTEST = 4  # letters; of shorter names one letter is too much of the whole


@dataclass(frozen=True)
class Name:
    """One way to write a tag: its name, or one of its other names."""

    tag_pk: int
    spelling: str
    tag_name: str
    kind: str

    @property
    def is_alias(self) -> bool:
        return self.spelling != self.tag_name


def known_names() -> list[Name]:
    """Return every name and other name; one query, however many tags there are."""
    columns = ("tag_pk", "spelling", "tag_name", "tag_kind")
    named = {"tag_name": F("tag__name"), "tag_kind": F("tag__kind"), "tag_pk": F("tag_id")}
    tags = Tag.objects.order_by().values_list("pk", "name", F("name"), "kind")
    aliases = TagAlias.objects.order_by().annotate(spelling=F("name"), **named)
    return [Name(*row) for row in tags.union(aliases.values_list(*columns), all=True)]


class Alikeness:
    """Names that a person could take for one another; each is folded once, however many ask."""

    def __init__(self, names: Sequence[Name]) -> None:
        self.names = names
        self.folded = [_folded(name.spelling) for name in names]

    def nearest(self, name: str, *, besides: int | None = None) -> Name | None:
        """Return another tag's name that is nearly this one; `besides` is the tag that has it.

        A different number makes a different name: "Part 1" is not "Part 2".
        """
        folded = _folded(name)
        if len(folded) < SHORTEST:
            return None
        found = process.extract(
            folded, self.folded, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=LOOKED_AT
        )
        others = (self.names[index] for _, _, index in found)
        return next((other for other in others if self._is_meant(other, name, besides)), None)

    def _is_meant(self, other: Name, name: str, besides: int | None) -> bool:
        return other.tag_pk != besides and _digits(other.spelling) == _digits(name)


def alike_of_each(tags: Iterable[Tag]) -> dict[int, Name]:
    """Return the nearest other name of each tag that has one; one query for a page of tags."""
    known = Alikeness(known_names())
    nearest = {tag.pk: known.nearest(tag.name, besides=tag.pk) for tag in tags}
    return {pk: found for pk, found in nearest.items() if found}


def _folded(name: str) -> str:
    words = re.sub(r"[^\w]+", " ", name.lower().replace("&", " and ")).split()
    return " ".join(word for word in words if word != "the")


def _digits(name: str) -> list[str]:
    return re.findall(r"\d+", name)
