"""The outline of a body: headings, containers and elements our editor has no word for.

Works on a parsed tree in place. What comes out is paragraphs, headings of three levels, lists,
quotations, tables and figures; the sanitiser then lets through nothing else.
"""

from typing import Any

from lxml import html

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
LEVELS = ("h2", "h3", "h4")  # The page's own title is the first level.
CONTAINERS = frozenset(
    {"address", "article", "aside", "center", "dd", "details", "dir", "div", "dl", "fieldset",
     "footer", "form", "header", "hgroup", "main", "menu", "nav", "section", "summary"}
)  # fmt: skip
BLOCKS = CONTAINERS | frozenset(
    {"blockquote", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p",
     "pre", "table", "ul"}
)  # fmt: skip
DROPPED = {
    "script": "scripts", "style": "styles", "form": "forms", "object": "embedded objects",
    "embed": "embedded objects", "applet": "embedded objects", "canvas": "canvases",
    "svg": "drawings", "select": "form fields", "textarea": "form fields", "noscript": "",
    "template": "", "input": "form fields", "button": "", "head": "", "title": "",
}  # fmt: skip
LEFT_OUT = "left out of the text: "
QUOTES = ("“", "”")


def drop_foreign(root: Any, notes: list[tuple[str, str]]) -> None:
    """Take out what has no place in a text, contents and all: scripts, forms, drawings."""
    for element in list(root.iter(*DROPPED)):
        if element.getparent() is None:
            continue
        if said := DROPPED[element.tag]:
            notes.append((LEFT_OUT + said, ""))
        if element.tag == "form" and element.text_content().strip():
            element.tag = "div"
        else:
            element.drop_tree()


def settle(root: Any) -> None:
    """Make the tree one of our own kinds of paragraphs, whatever held them before."""
    _rename_words(root)
    _shift_headings(root)
    for element in reversed(list(root.iter(*CONTAINERS, "blockquote"))):
        if element is root:
            continue
        gather(element)
        if element.tag != "blockquote":
            unwrap(element)
    for element in list(root.iter("p")):
        # A block inside a paragraph: HTML has no such thing, old editors had.
        if any(child.tag in BLOCKS for child in element):
            gather(element)
            unwrap(element)
    gather(root)


def gather(parent: Any) -> None:
    """Put text and inline elements that stand among blocks into paragraphs of their own.

    The time grows with the number of children: none is looked for by its place among the others.
    """
    gathered: list[Any] = []
    run = _Run(gathered)
    run.say(parent.text or "")
    parent.text = None
    for child in list(parent):
        if not isinstance(child.tag, str):
            parent.remove(child)
            continue
        tail, child.tail = child.tail or "", None
        if child.tag in BLOCKS:
            run = _Run(gathered)
            gathered.append(child)
        else:
            run.take(child)
        run.say(tail)
    parent[:] = gathered


class _Run:
    """Words and inline elements that follow each other: a paragraph from the first of them on."""

    def __init__(self, gathered: list[Any]) -> None:
        self._gathered = gathered
        self._paragraph: Any = None
        self._last: Any = None

    def take(self, child: Any) -> None:
        self._begin().append(child)
        self._last = child

    def say(self, text: str) -> None:
        """Add text behind what is there; blanks alone begin no paragraph."""
        if self._last is not None:
            self._last.tail = (self._last.tail or "") + text
        elif self._paragraph is not None:
            self._paragraph.text = (self._paragraph.text or "") + text
        elif text.strip():
            self._begin().text = text.lstrip()

    def _begin(self) -> Any:
        if self._paragraph is None:
            self._paragraph = html.Element("p")
            self._gathered.append(self._paragraph)
        return self._paragraph


def _rename_words(root: Any) -> None:
    for element in list(root.iter("cite", "q", "dt", "tt", "kbd", "samp", "var")):
        if element.tag == "cite":
            _name_source(element)
        elif element.tag == "q":
            _prefix(element, QUOTES[0])
            _suffix(element, QUOTES[1])
        elif element.tag == "dt":
            strong = html.Element("strong")
            strong.text, element.text = element.text, None
            strong.extend(list(element))
            element.append(strong)
            element.tag = "p"
        else:
            element.tag = "em" if element.tag == "var" else "code"


def _name_source(cite: Any) -> None:
    """Make the source of a quotation its last paragraph; a title in a sentence is emphasised."""
    above = cite.getparent()
    is_alone = len(above) == 1 and above.text_content().strip() == cite.text_content().strip()
    if above.tag == "blockquote":
        cite.tag = "p"
    elif above.tag == "p" and above.getparent().tag == "blockquote" and is_alone:
        cite.tag = "span"
    else:
        cite.tag = "em"
        return
    _prefix(cite, "— ")


def unwrap(element: Any) -> None:
    """Leave out an element, not what it holds.

    As `drop_tag` of lxml, but in the same time for the last of ten thousand siblings.
    """
    above = element.getparent()
    _add_before(element, above, element.text)
    for child in list(element):
        element.addprevious(child)
    _add_before(element, above, element.tail)
    above.remove(element)


def _add_before(element: Any, above: Any, text: str | None) -> None:
    before = element.getprevious()
    if text and before is None:
        above.text = (above.text or "") + text
    elif text:
        before.tail = (before.tail or "") + text


def _prefix(element: Any, sign: str) -> None:
    while len(element) and element[0].tag == "br" and not (element.text or "").strip():
        unwrap(element[0])
    element.text = sign + (element.text or "").lstrip()


def _suffix(element: Any, sign: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + sign
    else:
        element.text = (element.text or "") + sign


def _shift_headings(root: Any) -> None:
    """Give the levels that are used our three, in their order, so that none is skipped."""
    found = list(root.iter(*HEADINGS))
    used = sorted({element.tag for element in found})
    level = {tag: LEVELS[min(place, 2)] for place, tag in enumerate(used)}
    for element in found:
        element.tag = level[element.tag]
        if not element.text_content().strip():
            unwrap(element)
