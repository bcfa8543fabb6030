"""Paragraph anchors: each paragraph of a post has an id, and a link beside it to copy.

The id is made of the paragraph's own first words. So it stays when anything else of the text is
changed, moved or taken out, when a footnote before it shifts the numbers, and when the paragraph
itself is mended behind those words; numbers by place would lead elsewhere after each insertion.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

from lxml import etree, html

PREFIX = "p-"
CLASS = "pin"
FIRST_WORDS = 8
LABEL = "Link to this paragraph"
# Not in lists, tables, captions and notes: a hundred links in a list would be two hundred.
_paragraphs = etree.XPath(
    ".//p[not(ancestor::li or ancestor::td or ancestor::th or ancestor::figure)]"
)
_words = etree.XPath(".//text()[not(parent::a[@role='doc-noteref'])]")


def pin(root: Any) -> None:
    """Give every paragraph of a body's tree its id and its link; twice is once.

    The link is empty, its sign drawn by the stylesheet: no copy of the text and no search has it.
    """
    unpin(root)
    names = Names(root.xpath(".//@id"))
    for paragraph in _paragraphs(root):
        first = "".join(_words(paragraph)).casefold().split()[:FIRST_WORDS]
        letters = "".join(filter(str.isalnum, "".join(first)))
        if not letters:
            continue
        anchor = names.unique(PREFIX + hashlib.sha256(letters.encode()).hexdigest()[:6])
        paragraph.set("id", anchor)
        link = {"class": CLASS, "href": f"#{anchor}", "aria-label": LABEL}
        _insert(paragraph, html.Element("a", link))


def _insert(paragraph: Any, link: Any) -> None:
    """Put the link first: hung into the margin it then changes no line's breaks."""
    link.tail, paragraph.text = paragraph.text, None
    paragraph.insert(0, link)


def unpin(root: Any) -> None:
    """Take ids and links out again, for what is read elsewhere than on the page."""
    for link in root.xpath(f".//a[@class='{CLASS}']"):
        link.drop_tree()
    for paragraph in root.xpath(f".//p[starts-with(@id, '{PREFIX}')]"):
        del paragraph.attrib["id"]


class Names:
    """Gives out ids: the wanted one, or the first of id-2, id-3 … that nothing on the page has."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._next = dict.fromkeys(taken, 2)  # Where to look on: the same words may come often.

    def unique(self, wanted: str) -> str:
        number, name = self._next.get(wanted, 1), wanted
        while name in self._next:
            name, number = f"{wanted}-{number}", number + 1
        self._next[wanted] = max(number, 2)
        self._next.setdefault(name, 2)
        return name
