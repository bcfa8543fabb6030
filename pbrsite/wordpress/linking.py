"""Links of an imported body: the blog's own become this site's, embeds become links."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from lxml import html

from pbrsite.wordpress.structure import unwrap
from posts import permalinks
from posts.links import is_well_formed

EMBED = "embedded pages and videos made links"
BROKEN = "links that led nowhere taken off, their words kept"
FILE = "links to files on the old blog, which is not copied"
_URL = re.compile(r"https?://[^\s<>\"']+")
_FILE = re.compile(
    r"/(?:wp-content/uploads|files)/|\.(?:pdf|docx?|xlsx?|pptx?|csv|zip|mp3|mp4)$", re.IGNORECASE
)


@dataclass(frozen=True)
class Blog:
    """The blog that was exported: its hosts, and the path below which it lived on each."""

    places: tuple[tuple[str, str], ...] = ()

    @classmethod
    def at(cls, addresses: tuple[str, ...]) -> "Blog":
        found = [_split(address) for address in addresses]
        return cls(tuple(dict.fromkeys(
            (_host(parts), parts.path.rstrip("/")) for parts in found if parts and parts.netloc
        )))  # fmt: skip

    @property
    def key(self) -> str:
        """Return what names the blog in our memory of imports: its address, however written."""
        return "".join(self.places[0])[:200] if self.places else ""

    def path(self, target: str) -> str | None:
        """Return the path on the blog that an address leads to; None for another site's."""
        parts = _split(target)
        if parts is None or parts.scheme not in {"http", "https", ""} or not parts.netloc:
            return None
        for host, base in self.places:
            path = parts.path or "/"
            if _host(parts) == host and (path == base or path.startswith(f"{base}/")):
                return path[len(base) :] or "/"
        return None


def embeds_to_links(root: Any, notes: list[tuple[str, str]]) -> None:
    """Make a frame or player, and an address alone in its paragraph, a link of its own."""
    for frame in list(root.iter("iframe", "video", "audio")):
        source = frame.get("src") or next(
            (inner.get("src") for inner in frame.iter("source", "track") if inner.get("src")), ""
        )
        source = f"https:{source}" if source.startswith("//") else source
        frame[:] = []
        frame.attrib.clear()
        frame.text = source if _URL.fullmatch(source) else None
        frame.tag = "div"
    for element in root.iter("p", "div", "figure"):
        address = (element.text or "").strip()
        if address and not len(element) and _URL.fullmatch(address):
            element.text = None
            element.append(link := html.Element("a", href=address))
            link.text = address
            notes.append((EMBED, address))


def mend_links(root: Any, blog: Blog, notes: list[tuple[str, str]]) -> None:
    """Lead links of the blog's own to this site, and take off what is no address."""
    for link in list(root.iter("a")):
        target = (link.get("href") or "").strip()
        if target.startswith("//"):
            target = f"https:{target}"
        path = blog.path(target)
        if path is not None and _FILE.search(path):
            notes.append((FILE, target))
        elif path is not None:
            target = _ours(path, urlsplit(target))
        if is_well_formed(target) or target.startswith("#"):
            link.set("href", target)
            continue
        if link.get("href"):
            notes.append((BROKEN, target[:200]))
        unwrap(link)


def _ours(path: str, parts: SplitResult) -> str:
    """Return where the path of a WordPress page is found here."""
    tail = f"#{parts.fragment}" if parts.fragment else ""
    if permalinks.HOME.fullmatch(path):
        return f"/?{parts.query}" if parts.query else f"/{tail}"
    wanted = permalinks.read(unquote(path))
    if wanted.tag:
        return f"/tag/{wanted.tag}/{tail}"
    if wanted.author:
        return f"/author/{wanted.author}/{tail}"
    if wanted.slugs and wanted.slugs[0].isascii():
        return f"/{wanted.slugs[0]}/{wanted.tail}{tail}"
    return f"{path}{tail}"


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address.strip())
    except ValueError:
        return None


def _host(parts: SplitResult) -> str:
    return parts.netloc.lower().removeprefix("www.")
