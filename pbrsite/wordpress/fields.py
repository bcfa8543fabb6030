"""From what a blog kept in one line (titles, names, addresses) to what our columns take."""

import html
import re
from urllib.parse import unquote

from django.utils.text import slugify

from pbrsite.characters import printable
from pbrsite.wordpress.markup import without_comments, without_tags
from posts.slugs import RESERVED

_TAG = re.compile(r"</?[a-zA-Z][^>]*>")
_BREAK = re.compile(r"</?(?:p|br|div|li|h[1-6]|blockquote|tr|td)\b[^>]*>", re.IGNORECASE)
_SENTENCE = re.compile(r"[.!?…][\"'”’)\]]*(?=\s|$)")
MARK = "…"


def plain(markup: str) -> str:
    """Return the words alone, in one line: no tags, no entities, nothing unprintable."""
    text = markup
    if "<" in markup:
        text = without_tags(_TAG, without_tags(_BREAK, without_comments(markup), instead=" "))
    return " ".join(printable(html.unescape(text)).split())


def cut(text: str, most: int) -> str:
    """Return the text, or as many whole words of it as fit, with an ellipsis."""
    if len(text) <= most:
        return text
    kept = text[: most - len(MARK)]
    words = kept.rpartition(" ")[0] if " " in kept[most // 2 :] else kept
    return words.rstrip(" ,;:–—-") + MARK


def passage(text: str, *, least: int = 80, most: int = 300) -> str:
    """Return the first sentences of a text that make a passage; cut at a word if there is none."""
    if len(text) <= most:
        return text
    ends = [found.end() for found in _SENTENCE.finditer(text, 0, most)]
    return text[: ends[-1]] if ends and ends[-1] >= least else cut(text, most)


def address(wanted: str, *, otherwise: str, most: int) -> str:
    """Return a slug of plain letters: the wanted one as it is, or made of the other words; or "".

    WordPress keeps slugs percent-encoded; they are one and the same in any case of letters.
    """
    slug = unquote(wanted).strip("/ ").lower()
    if not re.fullmatch(r"[a-z0-9_-]+", slug):
        slug = slugify(slug) or slugify(otherwise)
    if len(slug) > most:
        slug = slug[:most].rpartition("-")[0] or slug[:most]
    return slug.strip("-_")


def free_address(slug: str, taken: set[str], *, most: int) -> str:
    """Return the slug, or the first of slug-2, slug-3 … that nobody has."""
    candidate, number = slug, 2
    while candidate in taken:
        ending = f"-{number}"
        candidate, number = slug[: most - len(ending)] + ending, number + 1
    return candidate


def is_reserved(slug: str) -> bool:
    """Return whether a post may not have this address; the twin of `posts.slugs.validate_slug`."""
    return slug in RESERVED or slug.isdigit()
