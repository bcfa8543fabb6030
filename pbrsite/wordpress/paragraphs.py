"""Paragraphs for text that has none: what WordPress's classic editor leaves to the page.

A blank line begins a paragraph, a single line break is one. Text that stands in an element of its
own (a heading, a list item, a cell, a paragraph somebody wrote) stays as it is.
"""

import re

from pbrsite.wordpress.markup import tags

BLOCKS = frozenset(
    {"address", "article", "aside", "audio", "blockquote", "caption", "center", "dd", "details",
     "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3",
     "h4", "h5", "h6", "header", "hr", "iframe", "li", "main", "nav", "object", "ol", "p", "pre",
     "script", "section", "select", "style", "summary", "table", "tbody", "td", "textarea",
     "tfoot", "th", "thead", "tr", "ul", "video"}
)  # fmt: skip
# In these, text makes its own paragraphs; in every other block it stays as it is.
OPEN = frozenset(
    {"address", "article", "aside", "blockquote", "center", "details", "div", "footer", "header",
     "main", "section"}
)  # fmt: skip
VOID = frozenset({"hr"})
_TOKEN = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^>]*>")
_BLANK = re.compile(r"\n[ \t]*\n\s*")
_BREAK = re.compile(r"(?:<br\s*/?>[ \t]*|(?<![ \t])[ \t]*)\n\s*", re.IGNORECASE)


def paragraphs(text: str) -> str:
    """Return the text with its paragraphs as HTML; what already has them comes out unchanged.

    The text holds no comments.
    """
    writer = _Writer()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    start = 0
    for token in tags(_TOKEN, text):
        writer.words.append(text[start : token.start()])
        start = token.end()
        name = token[2].lower()
        if name in BLOCKS:
            writer.block(token[0], name, is_end=bool(token[1]))
        else:
            writer.words.append(token[0])
    writer.words.append(text[start:])
    writer.flush()
    return "".join(writer.parts)


class _Writer:
    def __init__(self) -> None:
        self.parts: list[str] = []
        self.words: list[str] = []
        self.closed: list[str] = []  # the elements around us in which text stays as it is

    def block(self, token: str, name: str, *, is_end: bool) -> None:
        self.flush()
        self.parts.append(token)
        if name in OPEN or name in VOID:
            return
        if not is_end:
            if self.closed[-1:] == ["p"]:  # HTML ends it here.
                self.closed.pop()
            if not token.endswith("/>"):
                self.closed.append(name)
        elif name in self.closed:
            while self.closed.pop() != name:
                pass

    def flush(self) -> None:
        text = "".join(self.words)
        self.words.clear()
        if not self.closed:
            self.parts.append(_as_paragraphs(text))
        elif self.closed[-1] == "p" and (gap := _BLANK.search(text)) and text[gap.end() :].strip():
            self.closed.pop()  # Somebody who does not close paragraphs.
            self.parts += [text[: gap.start()], "</p>", _as_paragraphs(text[gap.end() :])]
        else:
            self.parts.append(text)


def _as_paragraphs(text: str) -> str:
    pieces = [piece for piece in _BLANK.split(text.strip()) if piece.strip()]
    return "".join(f"<p>{_BREAK.sub('<br>', piece.strip())}</p>\n" for piece in pieces)
