"""From the body an editor saved to the HTML readers get: anchors, figures, contents, plain text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.html import escape
from django.utils.text import slugify
from lxml import html

from posts import faults, pictures

# Ids the page around the body has for itself, and deep links rely on.
PAGE_HOOKS = frozenset(
    ["main", "share", "share-end", "related", "citing", "comments", "comment-form", "subscribe",
     "subscribe-form", "results", "facets", "did-you-mean", "site-search"]
)  # fmt: skip
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
CONTENTS_FROM = 4  # headings of the second level
HEADINGS = ("h2", "h3", "h4")
BLOCKS = ("p", "h2", "h3", "h4", "li", "blockquote", "figcaption", "pre", "td", "th", "br", "img")


@dataclass(frozen=True)
class Rendering:
    """The page's HTML; a contents list of {"id", "title"}, empty under four; the words alone."""

    html: str = ""
    contents: list[dict[str, str]] = field(default_factory=list)
    text: str = ""


def render(body: str, known: Mapping[str, pictures.Picture] | None = None) -> Rendering:
    """Return the rendering of a sanitised body; `known` are the library's images it names.

    Pure: the same body and images give the same page.
    """
    body = printable(body)
    if not body.strip():
        return Rendering()
    root = html.fragment_fromstring(body, create_parent="div")
    contents = _anchor_headings(root)
    _mind_images(root, known or {})
    inner = _inner(root)
    return Rendering(inner, contents if len(contents) >= CONTENTS_FROM else [], _words(root))


def printable(text: str) -> str:
    """Return the text without what XML 1.0 cannot hold: one such character breaks a whole feed.

    Word processors paste them (a vertical tab, say), and the sanitiser lets them through.
    """
    return UNPRINTABLE.sub("", text)


def absolute_links(body_html: str) -> str:
    """Return the page's HTML with full addresses and plain images, as feeds and mails need them."""
    if not body_html.strip():
        return ""
    root = html.fragment_fromstring(body_html, create_parent="div")
    pictures.undress(root)
    root.make_links_absolute(settings.SITE_URL + "/", resolve_base_href=False)
    return _inner(root)


def _inner(root: Any) -> str:
    inner = escape(root.text or "") + "".join(
        html.tostring(child, encoding="unicode") for child in root
    )
    return inner.replace("</source>", "")  # lxml does not know that it has none.


def _words(root: Any) -> str:
    """Return the text with a space between blocks, a stop after a heading; spoils the tree."""
    for element in root.iter(*BLOCKS):
        is_open_heading = element.tag in HEADINGS and element.text_content().strip()[-1:].isalnum()
        element.tail = f"{'.' if is_open_heading else ''} {element.tail or ''}"
    return " ".join(root.text_content().split())


def _anchor_headings(root: Any) -> list[dict[str, str]]:
    seen = set(PAGE_HOOKS)
    contents = []
    for heading in root.iter(*HEADINGS):
        title = " ".join(heading.text_content().split())
        anchor = _unique(slugify(title) or "section", seen)
        heading.set("id", anchor)
        if heading.tag == "h2":
            contents.append({"id": anchor, "title": title})
    return contents


def _unique(anchor: str, seen: set[str]) -> str:
    number, candidate = 2, anchor
    while candidate in seen:
        candidate, number = f"{anchor}-{number}", number + 1
    seen.add(candidate)
    return candidate


def _mind_images(root: Any, known: Mapping[str, pictures.Picture]) -> None:
    for image in list(root.iter("img")):
        if not faults.is_ours(image.get("src", "")):
            image.drop_tree()  # Imported, or saved past the form: readers ask nobody else.
            continue
        image.set("loading", "lazy")
        image.set("decoding", "async")
        if image.get("alt") is None:
            image.set("alt", "")
        if picture := known.get(pictures.name_of(image.get("src", ""))):
            pictures.dress(image, picture)
