"""What a search is narrowed down by, each to be taken off again by itself."""

from django.db.models import CharField, F, Value

from posts.models import Author, Tag
from posts.questions import Question

Chip = dict[str, str]


def chips(asked: Question) -> list[Chip]:
    """Return a {"label", "url"} for each filter; one query for the names, none without filters."""
    names = _names(asked)
    shown = [
        ("Topic", "tag", names.get(("tag", asked.tag), asked.tag)),
        ("Year", "year", asked.year),
        ("Author", "author", names.get(("author", asked.author), asked.author)),
    ]
    return [
        {"label": f"{label}: {name}", "url": asked.url(**{param: ""})}
        for label, param, name in shown
        if name
    ]


def _names(asked: Question) -> dict[tuple[str, str], str]:
    """Return names by filter and address; an address nobody has is shown as it was written."""
    if not (asked.tag or asked.author):
        return {}
    kinds = (("tag", Tag.objects.filter(slug=asked.tag)),
             ("author", Author.objects.filter(slug=asked.author)))  # fmt: skip
    tags, authors = (
        rows.order_by().values_list(
            Value(kind, output_field=CharField()),
            F("slug"),
            F("name"),
        )
        for kind, rows in kinds
    )
    return {(kind, slug): name for kind, slug, name in tags.union(authors)}
