"""Numbered pages at stable addresses: `<base>` is page one, `<base>page/2/` the second."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponsePermanentRedirect

from posts.postlists import PostList

# Only a PostList costs the same on every page: a queryset counts, and passes all that is before.
Rows = PostList | QuerySet[Any] | Sequence[Any]
PER_PAGE = 10
_STRAY = re.compile(r"/page/(?:1|0[0-9]+)/$")


def page_context(
    rows: Rows,
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
    page = _page(rows, number, total)

    def url(wanted: int) -> str:
        if query is None:
            return base if wanted == 1 else f"{base}page/{wanted}/"
        pairs = {**query, "page": str(wanted) if wanted > 1 else ""}
        return f"{base}?" + urlencode({name: value for name, value in pairs.items() if value})

    shown = page.paginator.get_elided_page_range(number, on_each_side=2, on_ends=1)
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


def _page(rows: Rows, number: int, total: int | None) -> Page[Any]:
    # A paginator asks for slices only, which is all a PostList gives.
    paginator: Paginator[Any] = Paginator(rows, PER_PAGE)  # type: ignore[arg-type]
    if total is not None:
        paginator.count = total  # It is a cached property.
    try:
        return paginator.page(number)
    except EmptyPage as error:
        raise Http404("There is no such page.") from error


def to_one_address(
    request: HttpRequest, number: int, *, base: str
) -> HttpResponsePermanentRedirect | None:
    """Return the way to the page's only address from `page/1/` and `page/02/`; else None."""
    if number < 1 or not _STRAY.search(request.path):
        return None
    return HttpResponsePermanentRedirect(base if number == 1 else f"{base}page/{number}/")
