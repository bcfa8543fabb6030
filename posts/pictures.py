"""How an image stands on a page: its sizes, their addresses, its place in a body's HTML.

Everything follows from the row alone: no file is looked at while a page is made.
"""

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from lxml import html

RECIPE = 1  # Add one when renditions are made otherwise: each then gets a new address.
WIDTHS = (400, 800, 1200, 1600)
KINDS = ("avif", "webp")  # In the order a browser is to try them.
THUMBNAIL = (480, 300)
# The text column of site.css; the browser multiplies by its own density.
SIZES = "(width >= 40.5rem) 38rem, calc(100vw - 2.5rem)"
FOLDER = "renditions"


@dataclass(frozen=True)
class Picture:
    """An image of the library as pages show it; `name` is its file's, below MEDIA_ROOT."""

    pk: int
    name: str
    src: str
    width: int
    height: int
    focus: str = "0.5x0.5"
    is_animated: bool = False

    @property
    def widths(self) -> list[int]:
        """Return the widths it is kept in, never more than its own; none for an animation."""
        if self.is_animated or not self.width:
            return []
        widest = min(self.width, WIDTHS[-1])
        return [*(width for width in WIDTHS if width < 0.9 * widest), widest]

    @property
    def sizes(self) -> str:
        return SIZES

    @property
    def avif(self) -> str:
        return self.srcset("avif")

    @property
    def webp(self) -> str:
        return self.srcset("webp")

    def srcset(self, kind: str) -> str:
        return ", ".join(
            f"{settings.MEDIA_URL}{self.rendition(width, kind)} {width}w" for width in self.widths
        )

    def rendition(self, width: int, kind: str) -> str:
        """Return the name of the file that holds it in that width, below MEDIA_ROOT."""
        return f"{FOLDER}/{self.pk}/{_key(self.name)}-{width}.{kind}"

    @property
    def thumbnail(self) -> str:
        """Return the name of its small copy, cut around the focal point."""
        return f"{FOLDER}/{self.pk}/{_key(self.name, self.focus)}-thumb.webp"

    @property
    def thumbnail_url(self) -> str:
        return f"{settings.MEDIA_URL}{self.thumbnail}"

    @property
    def preview_url(self) -> str:
        """Return the address of a copy for the desk: 800 wide, or all of a small or moving one."""
        narrow = [width for width in self.widths if width <= 800]
        if not narrow:
            return self.src
        return f"{settings.MEDIA_URL}{self.rendition(narrow[-1], 'webp')}"

    @property
    def renditions(self) -> list[str]:
        """Return the names of all files made of it."""
        sized = [self.rendition(width, kind) for width in self.widths for kind in KINDS]
        return [*sized, self.thumbnail]


def name_of(source: str) -> str:
    """Return the name in the library that an image's address means, or "" for another's."""
    path = source.removeprefix(settings.SITE_URL)
    if not path.startswith(settings.MEDIA_URL):
        return ""
    name = unquote(path.removeprefix(settings.MEDIA_URL).partition("?")[0])
    return "" if "\0" in name else name  # Postgres takes none, and no file has one.


def names_in(body: str) -> list[str]:
    """Return the library's names of a body's images, each once."""
    if "<img" not in body:
        return []
    root = html.fragment_fromstring(body, create_parent="div")
    names = [name_of(image.get("src", "")) for image in root.iter("img")]
    return [name for name in dict.fromkeys(names) if name]


def dress(image: Any, picture: Picture) -> None:
    """Give an `img` of a tree its size, and the smaller and newer files for who can use them."""
    image.set("src", picture.src)
    if picture.width:
        image.set("width", str(picture.width))
        image.set("height", str(picture.height))
    if not picture.widths:
        return
    wrapper = html.Element("picture")
    for kind in KINDS:
        source = html.Element("source", type=f"image/{kind}")
        source.set("srcset", picture.srcset(kind))
        source.set("sizes", SIZES)
        wrapper.append(source)
    wrapper.tail, image.tail = image.tail, None
    image.getparent().replace(image, wrapper)
    wrapper.append(image)


def undress(root: Any) -> None:
    """Leave the plain images alone in a tree: feed readers and mail programs know nothing else."""
    for element in list(root.iter("source", "picture")):
        element.drop_tag()


def _key(*parts: str) -> str:
    text = "|".join((str(RECIPE), *parts))
    return hashlib.sha256(text.encode()).hexdigest()[:12]
