"""The index of tags: by kind, with counts, and by first letter where there are many."""

from collections.abc import Iterable
from string import ascii_lowercase
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Left, Lower
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from posts.models import Tag, TaggedPost

WHOLE = 300  # tags shown at once; of more, the most used and the letters
MOST_USED = 30  # of each kind
OTHER = "0-9"  # the page of names that begin with no letter from a to z


@require_safe
def tag_list(request: HttpRequest) -> HttpResponse:
    """Show every tag by kind, or of many the most used ones and the way to the others."""
    tags = list(_counted(Tag.objects.all()))
    is_long = len(tags) > WHOLE
    kinds = _by_kind(tags, most=MOST_USED if is_long else WHOLE)
    letters = _letters({letter_of(tag.name) for tag in tags}) if is_long else []
    return render(request, "posts/tag_list.html", {"kinds": kinds, "letters": letters})


@require_safe
def tag_letter(request: HttpRequest, letter: str) -> HttpResponse:
    """Show the tags that begin with a letter; 404 when there are none."""
    tags = list(_counted(_beginning_with(letter)))
    if not tags:
        raise Http404("No tag begins like this.")
    filed = Exists(TaggedPost.objects.filter(tag=OuterRef("pk")))
    first = Tag.objects.filter(filed).order_by().values_list(Left(Lower("name"), 1), flat=True)
    context = {
        "kinds": _by_kind(tags, most=len(tags)),
        "letters": _letters({letter_of(text) for text in first.distinct()}, here=letter),
        "letter": letter.upper(),
    }
    return render(request, "posts/tag_list.html", context)


def letter_of(name: str) -> str:
    """Return the page of the index a name stands on."""
    first = name[:1].lower()
    return first if first and first in ascii_lowercase else OTHER


def _counted(tags: Any) -> QuerySet[Tag]:
    public: QuerySet[Tag] = tags.public().only("name", "slug", "kind").order_by("name", "pk")
    return public


def _beginning_with(letter: str) -> QuerySet[Tag]:
    if letter == OTHER:
        return Tag.objects.exclude(name__iregex="^[a-z]")
    return Tag.objects.filter(name__istartswith=letter)


def _by_kind(tags: list[Tag], *, most: int) -> list[dict[str, Any]]:
    """Return the kinds that have any, of each at most so many, by name."""
    kinds = []
    for kind in Tag.Kind:
        all_tags: list[Any] = [tag for tag in tags if tag.kind == kind]
        used = sorted(all_tags, key=lambda tag: -tag.post_count)[:most]
        if all_tags:
            names = sorted(used, key=lambda tag: tag.name.lower())
            kinds.append({"label": kind.plural, "tags": names, "total": len(all_tags)})
    return kinds


def _letters(present: Iterable[str], *, here: str = "") -> list[dict[str, Any]]:
    return [
        {"label": letter.upper(), "url": f"/tags/{letter}/", "is_here": letter == here}
        for letter in sorted(present)
    ]
