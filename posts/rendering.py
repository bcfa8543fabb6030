"""From the body an editor saved to the HTML readers get: anchors, figures, notes, plain text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.html import escape
from django.utils.text import slugify
from lxml import html

from posts import anchors, footnotes, pictures, prose

__all__ = ["Rendering", "absolute_links", "inner", "is_ours", "render"]

# Ids the page around the body has for itself, and deep links rely on.
PAGE_HOOKS = frozenset(
    ["main", "share", "share-end", "related", "citing", "corrections", "comments", "comment-form",
     "subscribe", "subscribe-form", "cite", "results", "facets", "did-you-mean", "site-search"]
)  # fmt: skip
CONTENTS_FROM = 4  # headings of the second level
HEADINGS = ("h2", "h3", "h4")
BLOCKS = ("p", "h2", "h3", "h4", "li", "blockquote", "figcaption", "pre", "td", "th", "br", "img")


@dataclass(frozen=True)
class Rendering:
    """The page's HTML; a contents list of {"id", "title"}, empty under four; the words alone."""

    html: str = ""
    contents: list[dict[str, str]] = field(default_factory=list)
    text: str = ""


def render(
    body: str, known: Mapping[str, pictures.Picture] | None = None, *, key: str = ""
) -> Rendering:
    """Return the rendering of a body, whatever it holds: only the allow-list's HTML comes out.

    Pure: the same body and images give the same page. `known` are the library's images it names;
    the key, a post's slug, goes into its notes' ids.
    """
    body = prose.sanitize_body(body)
    if not body.strip():
        return Rendering()
    root = html.fragment_fromstring(body, create_parent="div")
    notes = footnotes.lift(root)  # Before anything reads a heading's or a cell's words.
    _drop_empty_paragraphs(root)
    contents = _anchor_headings(root)
    _mind_tables(root)
    footnotes.number(root, notes, key=key)
    _mind_images(root, known or {})
    anchors.pin(root)
    page = inner(root)
    return Rendering(page, contents if len(contents) >= CONTENTS_FROM else [], _words(root))


def is_ours(source: str) -> bool:
    """Return whether an image comes from the media library: readers ask nobody else."""
    return source.startswith((settings.MEDIA_URL, settings.SITE_URL + settings.MEDIA_URL))


def absolute_links(body_html: str, *, page: str = "/") -> str:
    """Return the page's HTML with full addresses, plain images and no anchors, for feeds and mails.

    A link to a part of the post itself leads to that part of its page, whose path `page` is.
    """
    if not body_html.strip():
        return ""
    root = html.fragment_fromstring(body_html, create_parent="div")
    anchors.unpin(root)
    pictures.undress(root)
    _drop_behaviour(root)
    root.make_links_absolute(settings.SITE_URL + page, resolve_base_href=False)
    return inner(root)


def _drop_behaviour(root: Any) -> None:
    """Leave out what only a page in a browser needs, and feed validators warn of."""
    for scroller in root.xpath(".//div[@class='scroller']"):
        scroller.drop_tag()
    for element in root.xpath(".//img[@loading or @decoding]"):
        for name in ("loading", "decoding"):
            element.attrib.pop(name, None)


def inner(root: Any) -> str:
    """Return what a tree holds as HTML, without the element around it."""
    text = escape(root.text or "") + "".join(
        html.tostring(child, encoding="unicode") for child in root
    )
    return text.replace("</source>", "")  # lxml does not know that it has none.


def _words(root: Any) -> str:
    """Return the text with a space between blocks, a stop after a heading; spoils the tree."""
    footnotes.strip_apparatus(root)
    for element in root.iter(*BLOCKS):
        is_open_heading = element.tag in HEADINGS and element.text_content().strip()[-1:].isalnum()
        element.tail = f"{'.' if is_open_heading else ''} {element.tail or ''}"
    return " ".join(root.text_content().split())


def _drop_empty_paragraphs(root: Any) -> None:
    """Leave out the blank lines an editor ends with; a cell or a list item may stay empty."""
    for paragraph in list(root.iter("p")):
        if not len(paragraph) and not (paragraph.text or "").strip():
            paragraph.drop_tree()


def _anchor_headings(root: Any) -> list[dict[str, str]]:
    names = anchors.Names(PAGE_HOOKS)
    contents = []
    for heading in root.iter(*HEADINGS):
        title = " ".join(heading.text_content().split())
        anchor = names.unique(slugify(title) or "section")
        heading.set("id", anchor)
        if heading.tag == "h2":
            contents.append({"id": anchor, "title": title})
    return contents


def _mind_images(root: Any, known: Mapping[str, pictures.Picture]) -> None:
    for image in list(root.iter("img")):
        if not is_ours(image.get("src", "")):
            image.drop_tree()  # Imported, or saved past the form: readers ask nobody else.
            continue
        image.set("loading", "lazy")
        image.set("decoding", "async")
        if image.get("alt") is None or image.get("role") == "presentation":
            image.set("alt", "")
        if picture := known.get(pictures.name_of(image.get("src", ""))):
            pictures.dress(image, picture)


def _mind_tables(root: Any) -> None:
    """Say what each heading cell heads; let a wide table be scrolled, with the keyboard too."""
    for table in list(root.iter("table")):
        rows = list(table.iter("tr"))
        for cell in table.iter("td", "th"):
            if len(cell) == 1 and cell[0].tag == "p" and not (cell.text or "").strip():
                cell[0].drop_tag()
        is_headed = bool(rows) and all(cell.tag == "th" for cell in rows[0])
        for row in rows:
            for cell in row.iter("th"):
                cell.set("scope", "col" if is_headed and row is rows[0] else "row")
        titles = [" ".join(cell.text_content().split()) for cell in rows[0]] if is_headed else []
        name = ": ".join(["Table", ", ".join(filter(None, titles))]) if any(titles) else "Table"
        wrapper = html.Element(
            "div", {"class": "scroller", "role": "region", "tabindex": "0", "aria-label": name}
        )
        wrapper.tail, table.tail = table.tail, None
        table.getparent().replace(table, wrapper)
        wrapper.append(table)
