"""The passages of a post around the words searched for, the hits in `<mark>`."""

from django.contrib.postgres.search import SearchHeadline, SearchQuery
from django.db.models import Func
from django.utils.html import escape
from django.utils.safestring import mark_safe

START, STOP = "\x02", "\x03"  # cannot occur in plain text: see posts.rendering.printable


def headline(wanted: SearchQuery, *, config: str) -> Func:
    """Return the expression for a post's best fragments, hits between START and STOP."""
    return SearchHeadline(
        "plain_text", wanted, config=config, start_sel=START, stop_sel=STOP,
        max_fragments=2, max_words=26, min_words=12, fragment_delimiter=" … ",
    )  # fmt: skip


def mark(fragments: str) -> str:
    """Return a headline as safe HTML, the hits in `<mark>`; "" when the text holds none."""
    if START not in fragments:
        return ""
    text = escape(fragments).replace(START, "<mark>").replace(STOP, "</mark>")
    return mark_safe(text)  # noqa: S308
