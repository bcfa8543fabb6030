"""A text as paragraphs of words, with what an editor would name of its markup; for comparing.

A paragraph is a tuple of tokens: words, pictures, and at its end a mark with the kind of paragraph.
"""

from collections.abc import Sequence
from typing import Any

from lxml import html

Paragraph = tuple[str, ...]

NOTE = "\x1f"  # parts a word from what is known of it: where it leads, say
MARK = "\n"  # begins the token that ends a paragraph; its kind follows

FOOTNOTE = "doc-footnote"  # the role of the element that holds one, amid the words (DPUB-ARIA)

# Elements that are a paragraph of their own, with the name of their kind.
KINDS = {
    "p": "", "div": "", "figure": "", "ul": "", "ol": "", "table": "", "tr": "", "hr": "",
    "h2": "heading", "h3": "second-level heading", "h4": "third-level heading",
    "li": "list item", "blockquote": "quotation", "figcaption": "caption", "pre": "code",
    "td": "table cell", "th": "table heading",
}  # fmt: skip


def paragraphs_of_text(text: str) -> list[Paragraph]:
    """Return the lines that hold something."""
    return [(*words, MARK) for line in _plain(text).splitlines() if (words := line.split())]


def paragraphs_of_html(body: str) -> list[Paragraph]:
    """Return what a reader of a sanitised body sees."""
    if not body.strip():
        return []
    reader = _Reader()
    reader.read(html.fragment_fromstring(_plain(body), create_parent="div"), kind="")
    return reader.paragraphs


def sentences(texts: Sequence[Paragraph]) -> list[Paragraph]:
    """Return the paragraphs cut after each full stop, question or exclamation mark."""
    found: list[Paragraph] = []
    for text in texts:
        start = 0
        for end, token in enumerate(text, start=1):
            if end == len(text) or token.partition(NOTE)[0].endswith((".", "?", "!")):
                found.append(text[start:end])
                start = end
    return found


def _plain(text: str) -> str:
    return text.replace(NOTE, "").replace("\x00", "")


class _Reader:
    """Walks a tree and gathers its words until a paragraph ends."""

    def __init__(self) -> None:
        self.paragraphs: list[Paragraph] = []
        self.words: list[str] = []
        self.is_amid_word = False

    def read(self, element: Any, *, kind: str) -> None:
        is_block = element.tag in KINDS
        inner = (KINDS.get(element.tag) or kind) if is_block else kind
        if is_block:
            self.end(kind)
        start = len(self.words)
        if element.tag == "img":
            self.words.append(_picture(element))
        elif element.get("role") == FOOTNOTE:
            self.words.append("[footnote:")
        if element.tag in {"img", "br", "small"}:
            self.is_amid_word = False
        self.add(element.text or "")
        for child in element.iterchildren():
            self.read(child, kind=inner)
            self.add(child.tail or "")
        if element.get("role") == FOOTNOTE:
            self.words.append("]")
        if element.tag == "a" and len(self.words) > start:
            self.words[-1] += f"{NOTE}link to {element.get('href', '')}"
        if is_block:
            self.end(inner)

    def add(self, text: str) -> None:
        """Take up words; what follows a link or a bold word without a space stays attached."""
        pieces = text.split()
        if pieces and self.is_amid_word and not text[0].isspace():
            word, note, known = self.words[-1].partition(NOTE)
            self.words[-1] = f"{word}{pieces.pop(0)}{note}{known}"
        self.words += pieces
        if text:
            self.is_amid_word = bool(self.words) and not text[-1].isspace()

    def end(self, kind: str) -> None:
        if self.words:
            self.paragraphs.append((*self.words, MARK + kind))
        self.words = []
        self.is_amid_word = False


def _picture(image: Any) -> str:
    name = image.get("src", "").rpartition("/")[2]
    return f"[picture {name}: {image.get('alt') or 'decoration, no words'}]"
