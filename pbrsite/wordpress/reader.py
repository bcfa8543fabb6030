"""Reads a WordPress export piece by piece, in memory that does not grow with the file.

Tolerant: it goes by the local names of elements, whatever became of their namespaces, and the
parser goes on after a fault. Entities are never expanded and no other file or host is asked.
"""

import html
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from lxml import etree

from pbrsite.wordpress.items import Author, Channel, Comment, Item, Piece, Term, UnreadableError
from pbrsite.wordpress.source import Source

MARKUP = "elements whose markup stood outside CDATA"
XML_FAULT = "faults of the XML the reader went on after"
LOST = "items that could not be told apart"

TAXONOMIES = {"category": ("category_nicename", "cat_name", "category_parent"),
              "tag": ("tag_slug", "tag_name", "tag_parent"),
              "term": ("term_slug", "term_name", "term_parent")}  # fmt: skip
ADDRESSES = ("base_blog_url", "link")

_NAMESPACE = re.compile(r'\sxmlns(?::\w+)?="[^"]*"')


@dataclass
class Survey:
    """What a first look through the whole file found."""

    channel: Channel = field(default_factory=Channel)
    kinds: Counter[str] = field(default_factory=Counter)
    attachments: dict[int, tuple[str, str]] = field(default_factory=dict)  # address, alt text
    mended: Counter[str] = field(default_factory=Counter)


def survey(path: Path) -> Survey:
    """Read the file to its end and return what it holds; raises UnreadableError.

    An export that breaks off, or is none, is found here, before anything is written. Attachments
    alone are kept, some hundred bytes each: they may stand behind the posts that show them.
    """
    found = Survey()
    for piece in read(path, mended=found.mended):
        if isinstance(piece, Channel):
            found.channel = piece
        elif isinstance(piece, Item):
            found.kinds[piece.kind] += 1
            if piece.kind == "attachment" and piece.number:
                found.attachments[piece.number] = (piece.attachment_url or piece.guid, piece.alt)
    if not found.kinds and not found.mended["_is_wxr"]:
        raise UnreadableError(
            "This is an RSS feed, not an export: it holds nothing of WordPress's own. "
            "In WordPress, choose Tools, Export, and import the file it gives you."
        )
    found.mended.pop("_is_wxr", None)
    found.mended = +found.mended
    return found


def read(path: Path, *, mended: Counter[str] | None = None) -> Iterator[Piece]:
    """Yield the channel, then authors, terms and items in the order of the file."""
    counts: Counter[str] = Counter() if mended is None else mended
    with Source(path) as source:
        parser = etree.iterparse(
            source, events=("end",), recover=True, resolve_entities=False, no_network=True,
            load_dtd=False, huge_tree=True, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        head = _Head(counts)
        items = 0
        for _, element in parser:
            piece = head.piece(element)
            if piece is None:
                continue
            if not head.is_told:
                yield head.channel()
            items += isinstance(piece, Item)
            yield piece
            _forget(element)
        if not head.is_told:
            yield head.channel()
        counts.update(source.mended)
        if faults := [entry for entry in parser.error_log if entry.domain_name != "NAMESPACE"]:
            counts[XML_FAULT] += len(faults)
        if items < source.items_seen:
            counts[LOST] += source.items_seen - items


class _Head:
    """Tells from an element that ended which piece it is; gathers the channel's own words."""

    def __init__(self, counts: Counter[str]) -> None:
        self.counts = counts
        self.words: dict[str, str] = {}
        self.is_told = False

    def piece(self, element: Any) -> Piece | None:
        name = _name(element)
        if name == "item":
            return _item(element, self.counts)
        parent = element.getparent()
        if parent is None or _name(parent) != "channel":
            return None
        if name == "author" and len(element):
            return _author(element)
        if name in TAXONOMIES and len(element):
            return _term(element, name)
        if name in {"title", "wxr_version", *ADDRESSES}:
            self.words.setdefault(name, _text(element))
            self.counts["_is_wxr"] += name == "wxr_version"
        return None

    def channel(self) -> Channel:
        self.is_told = True
        addresses = [self.words.get(name, "") for name in ADDRESSES]
        return Channel(self.words.get("title", ""), tuple(dict.fromkeys(filter(None, addresses))))


def _forget(element: Any) -> None:
    """Free what was read: the element and all before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _author(element: Any) -> Author:
    words = _words(element)
    names = [words.get("author_first_name", ""), words.get("author_last_name", "")]
    return Author(
        login=words.get("author_login", ""),
        name=words.get("author_display_name") or " ".join(filter(None, names)),
        number=_number(words.get("author_id")),
        description=words.get("author_description", ""),
    )


def _term(element: Any, kind: str) -> Term:
    words = _words(element)
    slug, name, parent = (words.get(key, "") for key in TAXONOMIES[kind])
    taxonomy = {"tag": "post_tag", "term": words.get("term_taxonomy", "")}.get(kind, kind)
    return Term(taxonomy, slug, name or slug, parent, words.get(f"{kind}_description", ""))


def _item(element: Any, counts: Counter[str]) -> Item:
    words: dict[str, str] = {}
    terms: list[Term] = []
    comments: list[Comment] = []
    meta: dict[str, str] = {}
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name = _name(child)
        if name == "category":
            terms.append(
                Term(
                    child.get("domain") or "category",
                    (child.get("nicename") or "").strip(),
                    _text(child),
                )
            )
        elif name == "comment":
            comments.append(_comment(child))
        elif name == "postmeta":
            pair = _words(child)
            meta.setdefault(pair.get("meta_key", ""), pair.get("meta_value", ""))
        else:
            counts[MARKUP] += any(isinstance(inner.tag, str) for inner in child)
            words.setdefault(_whose(child, name), _text(child))
    if "post_type" in words or "post_id" in words:
        counts["_is_wxr"] += 1
    return _filled(words, terms, comments, meta)


def _filled(
    words: dict[str, str], terms: list[Term], comments: list[Comment], meta: dict[str, str]
) -> Item:
    def word(name: str) -> str:
        return words.get(name, "")

    return Item(
        number=_number(word("post_id")), kind=word("post_type") or "post",
        title=word("title"), link=word("link"), guid=word("guid"), slug=word("post_name"),
        status=word("status").lower(), creator=word("creator"),
        content=word("content"), excerpt=word("excerpt"),
        date=word("post_date"), date_gmt=word("post_date_gmt"), published=word("pubDate"),
        modified=word("post_modified"), modified_gmt=word("post_modified_gmt"),
        has_password=bool(word("post_password")), is_sticky=word("is_sticky") == "1",
        attachment_url=word("attachment_url"), terms=tuple(terms), comments=tuple(comments),
        thumbnail=_number(meta.get("_thumbnail_id")), alt=meta.get("_wp_attachment_image_alt", ""),
    )  # fmt: skip


def _comment(element: Any) -> Comment:
    words = {name.removeprefix("comment_"): text for name, text in _words(element).items()}
    return Comment(
        number=_number(words.get("id")), parent=_number(words.get("parent")),
        name=words.get("author", ""), email=words.get("author_email", ""),
        text=words.get("content", ""), state=words.get("approved", ""),
        kind=words.get("type", ""), user=_number(words.get("user_id")),
        date=words.get("date", ""), date_gmt=words.get("date_gmt", ""),
    )  # fmt: skip


def _words(element: Any) -> dict[str, str]:
    return {_name(child): _text(child) for child in element if isinstance(child.tag, str)}


def _name(element: Any) -> str:
    """Return the name without its namespace, or without the prefix that stands for a lost one."""
    return _bare(element.tag)


@lru_cache(maxsize=1_000)
def _bare(tag: object) -> str:
    return str(tag).rpartition("}")[2].rpartition(":")[2]


def _whose(element: Any, name: str) -> str:
    """Return which of the two elements called `encoded` it is."""
    if name == "encoded":
        return "excerpt" if "excerpt" in element.tag else "content"
    return name


def _text(element: Any) -> str:
    """Return the text, with markup that stood in it bare as markup, and lost entities found."""
    parts = [element.text or ""]
    for child in element:
        if isinstance(child, etree._Entity):
            parts.append(html.unescape(child.text or ""))
        elif isinstance(child.tag, str):
            markup = etree.tostring(child, encoding="unicode", with_tail=False, method="html")
            parts.append(_NAMESPACE.sub("", markup))
        parts.append(child.tail or "")
    return "".join(parts).strip()


def _number(text: str | None) -> int | None:
    """Return a row's number on WordPress, where nothing has the number 0."""
    if not text or not text.isascii() or not text.isdecimal() or len(text) > 9:
        return None
    return int(text) or None
