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
from pbrsite.wordpress import fields, illustrations, linking, shortcodes, structure
from pbrsite.wordpress.linking import Blog
from pbrsite.wordpress.markup import comments
from pbrsite.wordpress.paragraphs import paragraphs
from posts import prose
from posts.pictures import Picture
from posts.rules import SHORTCODE

BLOCK = "blocks that WordPress fills itself, left out"
UNPARSED = "a body that is no HTML, kept as plain text"
_BLOCK = re.compile(r"wp:([a-z0-9/_-]+)\s")
MORE = ("more", "wp:more", "/wp:more")
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


def has_words(content: str) -> bool:
    """Return whether a body says anything besides its markup; asked of what came out empty."""
    return bool(fields.plain(SHORTCODE.sub("", content)))


def before_the_fold(content: str) -> str:
    """Return what stands before "read more", which is the writer's own summary; or ""."""
    folds = (start for start, _, said in comments(content) if said.startswith(MORE))
    return content[: next(folds, 0)]


def _as_html(content: str, place: Place) -> tuple[str, list[tuple[str, str]]]:
    """Return HTML with its paragraphs, whichever of its editors WordPress kept it for."""
    is_of_blocks = "<!-- wp:" in content
    content, filled_in = _without_comments(content)
    content, notes = shortcodes.expand(content, place.attachments)
    return (content if is_of_blocks else paragraphs(content)), filled_in + notes


def _without_comments(content: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the text with what its comments ask for, and the blocks WordPress would fill."""
    parts: list[str] = []
    filled_in: list[tuple[str, str]] = []
    classic: int | None = None  # the part with which a classic editor's own block begins
    last = 0
    for start, end, said in comments(content):
        parts.append(content[last:start])
        last = end
        if said.startswith(MORE):
            parts.append("\n\n")
        elif said.startswith("wp:freeform") and classic is None:
            classic = len(parts)
        elif said.startswith("/wp:freeform") and classic is not None:
            parts[classic:], classic = [paragraphs("".join(parts[classic:]))], None
        elif said.endswith("/") and (block := _BLOCK.match(said)) and block[1] not in HARMLESS:
            filled_in.append((BLOCK, block[1]))
    return "".join([*parts, content[last:]]), filled_in


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
            element.drop_tree() if element.tag not in {"strong", "em"} else structure.unwrap(
                element
            )


def _drop(element: Any) -> None:
    element.drop_tree()


def _inner(root: Any) -> str:
    return escape(root.text or "") + "".join(
        html.tostring(child, encoding="unicode") for child in root
    )
