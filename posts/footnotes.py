"""Footnotes: written where they are referred to, read in a list at the end of the post.

In the saved body a note is `<small role="doc-footnote">its text</small>`, right behind the word it
belongs to. Its number is its place. The roles on the page are those of DPUB-ARIA 1.1.
"""

from typing import Any

from lxml import html

from posts.prose import NOTE_ROLE

# What the page adds around the notes' own words; plain text is made without it.
APPARATUS = ("doc-noteref", "doc-backlink")


def lift(root: Any) -> list[Any]:
    """Take the notes out of a body's tree, in order; an empty `<sup>` marks each one's place.

    A note with no words leaves no mark, and a note inside a note is part of the outer one's text.
    """
    for inner in root.xpath(f'.//small[@role="{NOTE_ROLE}"]//small'):
        inner.drop_tag()
    notes = []
    for note in root.xpath(f'.//small[@role="{NOTE_ROLE}"]'):
        if not note.text_content().strip():
            note.drop_tree()
            continue
        mark = html.Element("sup")
        mark.tail, note.tail = note.tail, None
        note.getparent().replace(note, mark)
        notes.append((mark, note))
    return notes


def number(root: Any, notes: list[Any], *, key: str) -> None:
    """Fill the marks with numbers that lead to the notes, and append the notes with ways back.

    A colon keeps the ids apart from every heading's, the key from those of other posts' notes:
    a feed reader may show twenty posts in one document.
    """
    if not notes:
        return
    items = html.Element("ol")
    for place, (mark, note) in enumerate(notes, 1):
        there, back = f"fn:{key}:{place}", f"fnref:{key}:{place}"
        _link(mark, str(place), href=there, id=back, role="doc-noteref", label=f"Note {place}")
        note.tag = "li"
        note.attrib.clear()
        note.set("id", there)
        _with_space(note)
        _link(
            note,
            "↩\ufe0e",
            href=back,
            role="doc-backlink",
            label=f"Back to note {place} in the text",
        )
        items.append(note)
    heading = html.Element("h2", id=f"fn:{key}")
    heading.text = "Notes"
    section = html.Element("section", {"role": "doc-endnotes", "aria-labelledby": f"fn:{key}"})
    section.extend([heading, items])
    root.append(section)


def _link(parent: Any, text: str, *, href: str, label: str, **attributes: str) -> None:
    values = {"href": f"#{href}", "aria-label": label, **attributes}
    link = html.Element("a", values)
    link.text = text
    parent.append(link)


def _with_space(note: Any) -> None:
    if len(note):
        note[-1].tail = (note[-1].tail or "").rstrip() + " "
    else:
        note.text = (note.text or "").rstrip() + " "


def strip_apparatus(root: Any) -> None:
    """Take numbers, ways back and the list's heading out again, so that only words are left."""
    for role in APPARATUS:
        for element in root.xpath(f'.//a[@role="{role}"]'):
            element.drop_tree()
    for heading in root.xpath('./section[@role="doc-endnotes"]/h2'):
        heading.drop_tree()
