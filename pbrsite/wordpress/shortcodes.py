"""Plug-ins' shortcodes in a body: captions become figures, media links; of others the words stay.

Only what is certainly a shortcode counts, by the publish gate's own pattern: "[sic]" is prose.
"""

import re
from collections.abc import Mapping
from functools import partial

from posts.rules import SHORTCODE

CAPTION = "captions made figures"
GALLERY = "galleries left out (their images are not in the file)"
GALLERY_KEPT = "galleries made single images"
MEDIA = "embedded media made links"
UNKNOWN = "shortcodes taken out, the words between them kept"

Notes = list[tuple[str, str]]

# What stands between two brackets holds none, and what stands between two codes not their like:
# so no search for an end runs past the next beginning, however many have no end.
_CODE = re.compile(r"(<(pre|code|script|style)\b(?:[^<]++|<(?!/?\2\b))*+</\2\s*>)", re.IGNORECASE)
_LISTING = re.compile(
    r"\[(code|sourcecode|source)\b[^\[\]]*\]((?:[^\[]++|\[(?!/?\1\b))*+)\[/\1\]", re.IGNORECASE
)
_CAPTION = re.compile(
    r"\[((?:wp_)?caption)\b([^\[\]]*)\]((?:[^\[]++|\[(?!/?\1\b))*+)\[/\1\]", re.IGNORECASE
)
_IMAGE = re.compile(
    r"\s*((?:<a\b[^>]*>\s*)?<img\b[^>]*>(?:\s*</a>)?)(.*)", re.DOTALL | re.IGNORECASE
)
_SAID = re.compile(r"caption\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_EMBED = re.compile(r"\[embed\b[^\[\]]*\]((?:[^\[]++|\[(?!/?embed\b))*+)\[/embed\]", re.IGNORECASE)
_MEDIA = re.compile(
    r"\[(audio|video|playlist|youtube|vimeo|soundcloud|wpvideo|dailymotion|ted|slideshare|googlevideo"
    r"|twitter|tweet|instagram|facebook|flickr|googlemaps|polldaddy|scribd|archiveorg|gist)"
    r"\b([^\[\]]*)\](?:\s*\[/\1\])?",
    re.IGNORECASE,
)
_GALLERY = re.compile(r"\[gallery\b([^\[\]]*)\]", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s\"'\]<>]+")
_NAME = re.compile(r"\[/?([\w-]+)")


def expand(text: str, attachments: Mapping[int, tuple[str, str]]) -> tuple[str, Notes]:
    """Return the text with its shortcodes resolved, and what was done; code is left alone."""
    if "[" not in text:
        return text, []
    notes: Notes = []
    text = _LISTING.sub(_listing, text)
    # Split by two groups: plain text, a stretch of code, its element's name, and so on.
    parts = _CODE.split(text)
    for place in range(0, len(parts), 3):
        if "[" in parts[place]:
            parts[place] = _expand(parts[place], attachments, notes)
        if place + 2 < len(parts):
            parts[place + 2] = ""
    return "".join(parts), notes


def gallery_numbers(content: str) -> set[int]:
    """Return the numbers of the attachments that a body's galleries show."""
    if "[gallery" not in content:
        return set()
    return {number for found in _GALLERY.findall(content) for number in _numbers(found)}


def _expand(text: str, attachments: Mapping[int, tuple[str, str]], notes: Notes) -> str:
    text = _CAPTION.sub(partial(_caption, notes=notes), text)
    text = _GALLERY.sub(partial(_gallery, attachments=attachments, notes=notes), text)
    text = _EMBED.sub(
        lambda found: f"\n\n{found[1].strip()}\n\n", text
    )  # The bare address is made a link later.
    text = _MEDIA.sub(partial(_media, notes=notes), text)
    return SHORTCODE.sub(partial(_unknown, notes=notes), text)


def _caption(found: re.Match[str], *, notes: Notes) -> str:
    inner = _IMAGE.match(found[3])
    said = _SAID.search(found[2])
    words = (said[1] or said[2] or "") if said else ""
    picture, rest = (inner[1], inner[2]) if inner else ("", found[3])
    words = words or rest.strip()
    notes.append((CAPTION, ""))
    caption = f"<figcaption>{words}</figcaption>" if words else ""
    return f"\n\n<figure>{picture}{caption}</figure>\n\n"


def _gallery(
    found: re.Match[str], *, attachments: Mapping[int, tuple[str, str]], notes: Notes
) -> str:
    known = [attachments[number] for number in _numbers(found[1]) if number in attachments]
    notes.append((GALLERY_KEPT if known else GALLERY, found[0][:60]))
    images = [f'<figure><img src="{address}" alt="{alt}"></figure>' for address, alt in known]
    return "\n\n" + "\n".join(images) + "\n\n"


def _numbers(attributes: str) -> list[int]:
    ids = re.search(r"ids\s*=\s*[\"'”″]?([\d,\s]+)", attributes)
    return [int(part) for part in re.findall(r"\d{1,9}", ids[1])] if ids else []


def _media(found: re.Match[str], *, notes: Notes) -> str:
    addresses = _ADDRESS.findall(found[2])
    if not addresses:
        notes.append((UNKNOWN, found[1].lower()))
        return ""
    notes.append((MEDIA, found[1].lower()))
    return "\n\n" + "\n\n".join(addresses) + "\n\n"


def _listing(found: re.Match[str]) -> str:
    code = found[2].strip("\r\n").replace("<", "&lt;").replace(">", "&gt;")
    return f"\n\n<pre><code>{code}</code></pre>\n\n"


def _unknown(found: re.Match[str], *, notes: Notes) -> str:
    name = _NAME.match(found[0])
    if not found[0].startswith("[/"):
        notes.append((UNKNOWN, name[1].lower() if name else ""))
    return ""
