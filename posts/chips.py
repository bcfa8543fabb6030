"""What a search is narrowed down by, each to be taken off again by itself."""

from posts.questions import Question

Chip = dict[str, str]


def chips(asked: Question, names: dict[tuple[str, str], str]) -> list[Chip]:
    """Return a {"label", "url"} for each filter, named by (parameter, address).

    An address nobody has is shown as it was written.
    """
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
