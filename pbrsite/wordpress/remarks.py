"""A comment's text: from the little HTML WordPress allows to the little Markdown we do."""

import html as entities
import re
from typing import Any

from lxml import etree, html

from pbrsite.characters import printable

PARAGRAPHS = {
    "p",
    "div",
    "blockquote",
    "pre",
    "ul",
    "ol",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "tr",
}
AROUND = {"strong": "**", "b": "**", "em": "*", "i": "*", "cite": "*", "code": "`"}


def as_markdown(text: str) -> str:
    """Return the words with links, emphasis, quotations and lists as Markdown; any text goes in."""
    text = printable(text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if "<" not in text:
        return entities.unescape(text)
    try:
        root = html.fragment_fromstring(text, create_parent="div")
    except (etree.ParserError, ValueError):
        return text
    written = _inside(root)
    return re.sub(r"\n{3,}", "\n\n", written).strip()


def _inside(element: Any) -> str:
    parts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str):
            parts.append(_written(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _written(element: Any) -> str:
    if element.tag in {"script", "style", "img", "iframe"}:
        return ""
    if element.tag == "br":
        return "\n"
    words = _inside(element)
    if element.tag == "a":
        return _link(words, (element.get("href") or "").strip())
    if element.tag in AROUND and words.strip():
        sign = AROUND[element.tag]
        return f"{sign}{words.strip()}{sign}" if "\n" not in words.strip() else words
    if element.tag == "blockquote":
        lines = words.strip().splitlines()
        return "\n\n" + "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"
    if element.tag == "li":
        return f"\n- {words.strip()}"
    return f"\n\n{words}\n\n" if element.tag in PARAGRAPHS else words


def _link(words: str, target: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>()]+", target):
        return words
    if words.strip() in {target, ""}:
        return target
    return f"[{words.strip()}]({target})"
