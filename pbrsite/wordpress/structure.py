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
            element.drop_tag()
    for element in list(root.iter("p")):
        # A block inside a paragraph: HTML has no such thing, old editors had.
        if any(child.tag in BLOCKS for child in element):
            gather(element)
            element.drop_tag()
    gather(root)


def gather(parent: Any) -> None:
    """Put text and inline elements that stand among blocks into paragraphs of their own."""
    children = list(parent)
    lead, parent.text = parent.text or "", None
    run: Any = _paragraph(lead) if lead.strip() else None
    place = 0
    if run is not None:
        parent.insert(0, run)
        place = 1
    for child in children:
        if not isinstance(child.tag, str):
            parent.remove(child)
            continue
        tail, child.tail = child.tail or "", None
        if child.tag in BLOCKS:
            run = None
            place = parent.index(child) + 1
        else:
            if run is None:
                run = html.Element("p")
                parent.insert(parent.index(child), run)
            run.append(child)
            place = parent.index(run) + 1
        run = _with_tail(parent, run, tail, place)


def _with_tail(parent: Any, run: Any, tail: str, place: int) -> Any:
    """Add the text behind an element to the paragraph that is open, or begin one; return it."""
    if run is not None:
        if len(run):
            run[-1].tail = (run[-1].tail or "") + tail
        else:
            run.text = (run.text or "") + tail
        return run
    if not tail.strip():
        return None
    run = _paragraph(tail)
    parent.insert(place, run)
    return run


def _paragraph(text: str) -> Any:
    paragraph = html.Element("p")
    paragraph.text = text.lstrip()
    return paragraph


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


def _prefix(element: Any, sign: str) -> None:
    while len(element) and element[0].tag == "br" and not (element.text or "").strip():
        element[0].drop_tag()
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
            element.drop_tag()
