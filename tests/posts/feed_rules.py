"""What feed validators ask, written down: the rules the W3C's applies to what we send.

RSS 2.0 with the RSS Advisory Board's best-practices profile, Atom (RFC 4287), JSON Feed 1.1. Each
function returns the faults it found, in words; none means the feed is valid.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from lxml import etree, html

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
DC = "{http://purl.org/dc/elements/1.1/}creator"
MEDIA = "{http://search.yahoo.com/mrss/}content"
RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}"
)
# What validators warn of in HTML: it acts, or it means nothing outside our own page.
RISKS = ("script", "style", "iframe", "object", "form", "base", "meta", "link")
ADDRESSES = ("href", "src", "srcset", "poster", "action")


def faults(response: HttpResponse, path: str) -> list[str]:
    """Return what is wrong with the feed of that address on this site."""
    kind = response["Content-Type"]
    checks = {
        "application/rss+xml": rss,
        "application/atom+xml": atom,
        "application/feed+json": feed,
    }
    check = checks[kind.partition(";")[0]]
    if "json" not in kind and "charset=utf-8" not in kind:
        return ["the character set is not named"]
    return list(check(response.content, f"http://testserver.test{path}"))


def rss(content: bytes, address: str) -> Iterator[str]:
    channel = etree.fromstring(content).find("channel")
    for name in ("title", "link", "description"):
        if not channel.findtext(name):
            yield f"channel without {name}"
    yield from _full(channel.findtext("link"), "channel link")
    own = channel.find(f"{ATOM}link[@rel='self']")
    if own is None or own.get("href") != address:
        yield "atom:link rel=self is not the feed's own address"
    built = channel.findtext("lastBuildDate")
    yield from _date(built, "lastBuildDate")
    ids = [item.findtext("guid") for item in channel.iterfind("item")]
    if len(set(ids)) != len(ids):
        yield "a guid twice"
    for item in channel.iterfind("item"):
        yield from _item(item)


def _item(item: Any) -> Iterator[str]:
    if not item.findtext("title") and not item.findtext("description"):
        yield "an item with neither title nor description"
    guid = item.find("guid")
    if guid is None or (guid.get("isPermaLink") != "false" and not _is_full(guid.text)):
        yield "a guid that claims to be an address and is none"
    yield from _date(item.findtext("pubDate"), "pubDate")
    yield from _full(item.findtext("link"), "item link")
    if (comments := item.findtext("comments")) is not None:
        yield from _full(comments, "comments")
    if not item.findall(DC):
        yield "an item without dc:creator"
    for enclosure in item.iterfind("enclosure"):
        if not all(enclosure.get(name) for name in ("url", "length", "type")):
            yield "an enclosure without address, length or type"
    yield from _media(item)
    for text in (item.findtext("description"), item.findtext(CONTENT)):
        yield from _html(text or "")


def atom(content: bytes, address: str) -> Iterator[str]:
    root = etree.fromstring(content)
    yield from _atom_basics(root, "feed")
    if _link(root, "self") != address:
        yield "the link rel=self is not the feed's own address"
    entries = root.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    if len(set(ids)) != len(ids):
        yield "an id twice"
    for entry in entries:
        yield from _atom_basics(entry, "entry")
        if not entry.findtext(f"{ATOM}author/{ATOM}name"):
            yield "an entry without author"
        published, updated = (entry.findtext(f"{ATOM}{name}") for name in ("published", "updated"))
        if updated[:19] < published[:19]:  # Both in UTC.
            yield "an entry changed before it was published"
        for name in ("summary", "content"):
            for element in entry.iterfind(f"{ATOM}{name}"):
                if element.get("type") != "html" or len(element):
                    yield f"a {name} that is not escaped HTML"
                yield from _html(element.text or "")
        yield from _media(entry)


def _atom_basics(element: Any, name: str) -> Iterator[str]:
    for needed in ("id", "title", "updated"):
        if len(element.findall(f"{ATOM}{needed}")) != 1 or not element.findtext(f"{ATOM}{needed}"):
            yield f"{name} without exactly one {needed}"
    if ":" not in (element.findtext(f"{ATOM}id") or ""):
        yield f"the id of a {name} is no IRI"
    updated = element.findtext(f"{ATOM}updated") or ""
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", updated):
        yield f"the date of a {name} is not RFC 3339: {updated}"
    yield from _full(_link(element, "alternate"), f"{name} link rel=alternate")


def _link(element: Any, rel: str) -> str | None:
    links = [link for link in element.iterfind(f"{ATOM}link") if link.get("rel") == rel]
    return links[0].get("href") if len(links) == 1 else None


def feed(content: bytes, address: str) -> Iterator[str]:
    document = json.loads(content)
    if document.get("version") != "https://jsonfeed.org/version/1.1" or not document.get("title"):
        yield "no version or no title"
    if document.get("feed_url") != address:
        yield "feed_url is not the feed's own address"
    for name in ("home_page_url", "icon"):
        yield from _full(document.get(name), name)
    ids = [item["id"] for item in document["items"]]
    if len(set(ids)) != len(ids) or not all(isinstance(one, str) for one in ids):
        yield "an id twice, or one that is no string"
    for item in document["items"]:
        if not item.get("content_html") and not item.get("content_text"):
            yield "an item without content"
        for name in ("url", "image"):
            if name in item or name == "url":
                yield from _full(item.get(name), name)
        for author in item["authors"]:
            if not author.get("name"):
                yield "an author without a name"
        if any(datetime.fromisoformat(item[f"date_{name}"]).tzinfo is None
               for name in ("published", "modified")):  # fmt: skip
            yield "a date without its zone"
        yield from _html(item["content_html"])


def _media(item: Any) -> Iterator[str]:
    for media in item.iterfind(MEDIA):
        yield from _full(media.get("url"), "media:content")
        if not re.fullmatch(r"image/[a-z+]+", media.get("type", "")):
            yield "media:content without its type"


def _date(text: str | None, name: str) -> Iterator[str]:
    if not text or not RFC822.fullmatch(text) or parsedate_to_datetime(text).tzinfo is None:
        yield f"{name} is not a date of RFC 822: {text}"


def _full(address: str | None, name: str) -> Iterator[str]:
    if not _is_full(address):
        yield f"{name} is not a full address: {address}"


def _is_full(address: str | None) -> bool:
    parts = urlsplit(address or "")
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _html(text: str) -> Iterator[str]:
    """Yield what is wrong with HTML that is read away from its page."""
    if not text.strip():
        return
    for element in html.fragment_fromstring(text, create_parent="div").iter():
        if element.tag in RISKS:
            yield f"a {element.tag} element in the text"
        for name, value in element.attrib.items():
            if name in ADDRESSES and not re.match(r"(https?://|mailto:)", value):
                yield f"a relative address in the text: {value}"
            if name.startswith("on") or name in {"style", "loading", "decoding", "tabindex"}:
                yield f"an attribute that acts in the text: {name}"
        if element.get("class") == "pin":
            yield "a paragraph's sign, which means nothing here"
