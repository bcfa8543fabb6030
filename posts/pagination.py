"""Numbered pages at stable addresses: `<base>` is page one, `<base>page/2/` the second."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import EmptyPage, Paginator
from django.db.models import QuerySet
from django.http import Http404

PER_PAGE = 10


def page_context(
    rows: QuerySet[Any] | Sequence[Any],
    number: int,
    *,
    base: str,
    query: Mapping[str, str] | None = None,
    total: int | None = None,
) -> dict[str, Any]:
    """Return `page_obj` and `page_links`; 404 beyond the end. Two queries: the count and the rows.

    One query where the caller knows the `total` already.

    `page_links` holds {"label", "url", "is_current"} for each number shown and {"label": "…"} for
    a gap; `previous_url` and `next_url` are empty at the ends. With `query` the pages are
    addressed by `?page=`, since the address carries a question already.
    """
    paginator = Paginator(rows, PER_PAGE)
    if total is not None:
        paginator.count = total  # It is a cached property.
    try:
        page = paginator.page(number)
    except EmptyPage as error:
        raise Http404("There is no such page.") from error

    def url(wanted: int) -> str:
        if query is None:
            return base if wanted == 1 else f"{base}page/{wanted}/"
        pairs = {**query, "page": str(wanted) if wanted > 1 else ""}
        return f"{base}?" + urlencode({name: value for name, value in pairs.items() if value})

    shown = paginator.get_elided_page_range(number, on_each_side=2, on_ends=1)
    return {
        "page_obj": page,
        "page_links": [
            {"label": item, "url": url(item), "is_current": item == number}
            if isinstance(item, int)
            else {"label": "…"}
            for item in shown
        ],
        "previous_url": url(number - 1) if page.has_previous() else "",
        "next_url": url(number + 1) if page.has_next() else "",
    }
