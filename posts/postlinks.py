"""The links of a body that lead to posts of ours, or may once, as citations keep them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from django.http import QueryDict
from django.urls import Resolver404, resolve
from lxml import html

from posts import permalinks
from posts.permalinks import Wanted

WORDS_KEPT = 200
LONGEST_SLUG = 120
_TARGET = re.compile(r'href="([^"]*)"')  # As the body's HTML is always written.


@dataclass(frozen=True)
class Link:
    """A link to what is, or may once be, a post of ours."""

    path: str
    slug: str = ""
    wordpress_id: int | None = None
    words: str = ""


def links_in(body_html: str) -> Iterable[Link]:
    """Return the body's links to posts of ours, each address once, with the first words it has."""
    found: dict[str, Link] = {}
    if not any(map(_may_be_ours, _TARGET.findall(body_html))):
        return found.values()
    root = html.fragment_fromstring(body_html, create_parent="div")
    for element in root.iter("a"):
        target = element.get("href", "")
        if not _may_be_ours(target):
            continue
        link = _read(target, " ".join(element.text_content().split()))
        if link and link.path not in found:
            found[link.path] = link
    return found.values()


def _may_be_ours(target: str) -> bool:
    """Return whether a link is worth a closer look: most lead elsewhere, or to their own page."""
    return not target.startswith("#") and permalinks.is_ours(target)


def _read(target: str, words: str) -> Link | None:
    """Return the post's address a link names; None for another page of ours, or another site."""
    parts = permalinks.split(target.strip())
    if parts is None:
        return None
    path = unquote(parts.path) or ("/" if parts.netloc else "")
    if permalinks.is_closed(path):
        return None
    if path == "/":
        wanted = permalinks.read_query(QueryDict(parts.query)) if parts.query else None
        return _link(wanted, words) if wanted else None
    view, slug = _page(path)
    if not view:
        return _link(permalinks.read(path), words)
    if view == "posts:short":
        return Link(permalinks.tidy(path), words=words[:WORDS_KEPT])
    if view != "posts:detail":
        return None
    return _link(Wanted((permalinks.tidy(path),), (slug,)), words)


@lru_cache(maxsize=10_000)
def _page(path: str) -> tuple[str, str]:
    """Return the name of the view that answers at a path, "" for none, and a post's slug.

    Which view it is never changes while the site runs, and the same posts are linked to often.
    """
    try:
        page = resolve(path if "." in path.rpartition("/")[2] else f"{path.rstrip('/')}/")
    except Resolver404:
        return "", ""
    return page.view_name, str(page.kwargs.get("slug", ""))


def _link(wanted: Wanted, words: str) -> Link | None:
    path, slug = (*wanted.paths, "")[0], (*wanted.slugs, "")[0]
    is_post = slug or wanted.wordpress_id is not None
    if not is_post or len(path) > permalinks.LONGEST or len(slug) > LONGEST_SLUG:
        return None
    return Link(path, slug, wanted.wordpress_id, words[:WORDS_KEPT])
