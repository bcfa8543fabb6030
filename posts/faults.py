"""What is wrong with a body, in words that say where and how to mend it."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from lxml import html


def faults(body: str) -> list[str]:
    """Return a sentence for each image or link of a sanitised body that will not do."""
    if not body.strip():
        return []
    root = html.fragment_fromstring(body, create_parent="div")
    found = [_image_fault(image) for image in root.iter("img")]
    found += [_link_fault(link) for link in root.iter("a")]
    return [fault for fault in dict.fromkeys(found) if fault]


def is_ours(source: str) -> bool:
    """Return whether an image comes from the media library: readers ask nobody else."""
    return source.startswith((settings.MEDIA_URL, settings.SITE_URL + settings.MEDIA_URL))


def _image_fault(image: Any) -> str:
    source = image.get("src", "")
    if not is_ours(source):
        return (
            f"The image “{source[:80]}” is not in the media library. "
            "Upload it there, then choose it with the editor's picture button."
        )
    is_decorative = image.get("role") == "presentation"
    if not is_decorative and not image.get("alt", "").strip():
        return (
            f"The image “{source.rpartition('/')[2]}” has no alternative text. "
            "Select it, press the picture button and say what it shows."
        )
    return ""


def _link_fault(link: Any) -> str:
    target = link.get("href", "")
    is_relative = not urlsplit(target).scheme
    if target.startswith("//") or (is_relative and not target.startswith(("/", "#"))):
        return (
            f"The link “{target[:80]}” leads nowhere. Write https:// in front of another site's "
            "address, or / in front of a page of ours."
        )
    return ""
