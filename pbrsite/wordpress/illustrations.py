"""Images of an imported body: those the library has stand as figures, of others the words stay."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import html

from pbrsite.wordpress.linking import Blog
from pbrsite.wordpress.structure import unwrap
from posts.pictures import Picture
from posts.rules import FILE_NAME

MISSING = "images left out, since they are not in the media library"
LINKED = "images left out that had a link: the link leads on from their description"
IMAGE_LINK = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp|tiff?)(?:\?.*)?$", re.IGNORECASE)
_SOURCE = re.compile(r"<img\b(?:[^<>]|<(?!img\b))*?\bsrc\s*=\s*[\"']?([^\"'\s>]+)", re.IGNORECASE)
_SIZE = re.compile(r"-(?:\d+x\d+|scaled|rotated|e\d{10,})(?=\.\w+$)")
_FOLDERS = re.compile(r"^.*?/(?:wp-content/uploads|wp-content|files)/")


def sources_in(content: str) -> list[str]:
    """Return the addresses of a body's images as the blog wrote them, each once."""
    return list(dict.fromkeys(found.replace("&amp;", "&") for found in _SOURCE.findall(content)))


def name_in_uploads(source: str) -> str:
    """Return an image's path below the blog's uploads, without the size WordPress made of it."""
    try:
        path = unquote(urlsplit(source).path)
    except ValueError:
        return ""
    return _SIZE.sub("", _FOLDERS.sub("", path).lstrip("/"))


def place_images(
    root: Any, pictures: Mapping[str, Picture], blog: Blog, notes: list[tuple[str, str]]
) -> None:
    """Point images to the library's files; say in words where the others led."""
    for image in list(root.iter("img")):
        source = (image.get("src") or "").strip()
        picture = pictures.get(name_in_uploads(source))
        if picture is None:
            notes.append((MISSING, source[:200]))
            _leave_words(image, blog, notes)
            continue
        alt = " ".join((image.get("alt") or "").split())
        image.attrib.clear()
        image.attrib.update({"src": picture.src, "alt": alt, "data-file": str(picture.pk)})
        if picture.width:
            image.attrib.update({"width": str(picture.width), "height": str(picture.height)})
        _unlink(image)


def make_figures(root: Any) -> None:
    """Have each figure hold one image and its caption; unwrap what is none of ours."""
    for figure in reversed(list(root.iter("figure"))):
        images, inner = list(figure.iter("img")), figure.find(".//figure")
        captions = list(figure.iter("figcaption"))
        if len(images) == 1 and inner is None and not figure.xpath(".//table|.//blockquote|.//ul"):
            _rebuild(figure, images[0], captions)
            continue
        for caption in captions:
            if caption.getparent().tag != "figure" or caption.getparent() is figure:
                caption.tag = "p"
        figure.tag = "div"
    for caption in list(root.iter("figcaption")):
        if not any(above.tag == "figure" for above in caption.iterancestors()):
            caption.tag = "p"
    for listing in list(root.iter("ul")):
        if listing.xpath("./li/figure|./li/div/figure"):  # A gallery of the block editor.
            for entry in list(listing):
                unwrap(entry)
            listing.tag = "div"
    for paragraph in list(root.iter("p")):
        if len(paragraph) == 1 and paragraph[0].tag == "img" and not _words(paragraph):
            paragraph.tag = "figure"


def _rebuild(figure: Any, image: Any, captions: list[Any]) -> None:
    image.tail = None
    words = next((caption for caption in captions if _words(caption)), None)
    figure[:] = [image]
    figure.text = None
    if words is not None:
        words.tail = None
        for block in list(words.iter("p", "div", "br")):
            block.tail = f" {block.tail or ''}"
            unwrap(block)
        figure.append(words)


def _unlink(image: Any) -> None:
    """Take the link off an image: figures here lead nowhere."""
    link = image.getparent()
    if link is not None and link.tag == "a" and not _words(link):
        unwrap(link)


def _leave_words(image: Any, blog: Blog, notes: list[tuple[str, str]]) -> None:
    """Put the description where an image was that led elsewhere; else nothing.

    On the blog itself an image leads to its own page or file, which are not here.
    """
    link, alt = image.getparent(), " ".join((image.get("alt") or "").split())
    is_link = link is not None and link.tag == "a" and not _words(link)
    leads_to = link.get("href", "") if is_link else ""
    is_own = blog.path(leads_to) is not None or IMAGE_LINK.search(leads_to)
    if is_link and (not alt or FILE_NAME.match(alt) or is_own):
        image.drop_tree()
        unwrap(link)
        return
    if is_link:
        words = html.Element("span")
        words.text, words.tail = alt, image.tail
        link.replace(image, words)
        notes.append((LINKED, leads_to[:200]))
        return
    image.drop_tree()


def _words(element: Any) -> str:
    return str(element.text_content()).strip()
