"""From a WordPress body, classic or of blocks, to a body as our editor would have saved it.

Pure: the same content, blog and pictures give the same body. Everything goes through the one
allow-list of `posts.prose` at the end, as whatever is saved does.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import escape
from lxml import etree, html

from pbrsite.characters import printable
from pbrsite.wordpress import illustrations, linking, shortcodes, structure
from pbrsite.wordpress.linking import Blog
from pbrsite.wordpress.paragraphs import paragraphs
from posts import prose
from posts.pictures import Picture

BLOCK = "blocks that WordPress fills itself, left out"
UNPARSED = "a body that is no HTML, kept as plain text"
_BLOCK = re.compile(r"<!--\s*/?wp:([a-z0-9/_-]+)(?:\s+(?:\{.*?\}\s*)?)?(/)?-->", re.DOTALL)
_CLASSIC = re.compile(r"<!--\s*wp:freeform.*?-->(.*?)<!--\s*/wp:freeform\s*-->", re.DOTALL)
_MORE = re.compile(r"<!--\s*more.*?-->|<!--\s*/?wp:more.*?-->", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
EMPTIABLE = ("p", "li", "ul", "ol", "blockquote", "figure", "strong", "em", "a")
HARMLESS = {"spacer", "more", "nextpage", "separator", "image", "post-content"}


@dataclass(frozen=True)
class Place:
    """Where bodies come from: the blog, its attachments by number, the images the library has."""

    blog: Blog
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    attachments: Mapping[int, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Body:
    """The body, and what was changed on the way: a reason and what it was about."""

    html: str
    notes: list[tuple[str, str]] = field(default_factory=list)


def convert(content: str, place: Place) -> Body:
    """Return the body in our own HTML; any text goes in."""
    if not content.strip():
        return Body("")
    text, notes = _as_html(printable(content), place)
    try:
        root = html.fragment_fromstring(text, create_parent="div")
    except (etree.ParserError, ValueError):
        notes.append((UNPARSED, ""))
        return Body(f"<p>{escape(text)}</p>", notes)
    structure.drop_foreign(root, notes)
    illustrations.place_images(root, place.pictures, place.blog, notes)
    illustrations.make_figures(root)
    linking.embeds_to_links(root, notes)
    linking.mend_links(root, place.blog, notes)
    structure.settle(root)
    _drop_empty(root)
    return Body(prose.sanitize_body(_inner(root)), notes)


def before_the_fold(content: str) -> str:
    """Return what stands before "read more", which is the writer's own summary; or ""."""
    found = _MORE.search(content)
    return content[: found.start()] if found else ""


def _as_html(content: str, place: Place) -> tuple[str, list[tuple[str, str]]]:
    """Return HTML with its paragraphs, whichever of its editors WordPress kept it for."""
    is_of_blocks = "<!-- wp:" in content
    filled_in: list[tuple[str, str]] = []
    if is_of_blocks:
        content = _CLASSIC.sub(lambda found: paragraphs(found[1]), content)
        filled_in = [
            (BLOCK, name) for name, ends in _BLOCK.findall(content) if ends and name not in HARMLESS
        ]
    content = _COMMENT.sub("", _MORE.sub("\n\n", content))
    content, notes = shortcodes.expand(content, place.attachments)
    return (content if is_of_blocks else paragraphs(content)), filled_in + notes


def _drop_empty(root: Any) -> None:
    """Take out paragraphs and lists that held only what was left out, and breaks at an end."""
    for line in list(root.iter("br")):
        above = line.getparent()
        if above.tag == "p" and line.getnext() is None and not (line.tail or "").strip():
            above.remove(line)
    for element in reversed(list(root.iter(*EMPTIABLE))):
        if (element.text or "").strip("\xa0 \t\r\n"):
            continue
        is_void = element.find(".//img") is None and element.find(".//br") is None
        if is_void and not element.text_content().replace("\xa0", " ").strip():
            element.drop_tree() if element.tag not in {"strong", "em"} else element.drop_tag()


def _inner(root: Any) -> str:
    return escape(root.text or "") + "".join(
        html.tostring(child, encoding="unicode") for child in root
    )
