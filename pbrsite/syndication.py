"""Feeds in three formats: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1, from one description.

A room describes its entries and the channel they belong to; how each format says it is known here
alone. Follows the RSS Advisory Board's best-practices profile and what the W3C feed validator asks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.utils.html import escape, format_html
from django.utils.http import http_date

from pbrsite.characters import printable
from pbrsite.mail import absolute
from pbrsite.pagecache import etag_of

NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # When a feed changed that has held nothing yet.
MEDIA = "http://search.yahoo.com/mrss/"


@dataclass(frozen=True)
class Writer:
    name: str
    url: str = ""


@dataclass(frozen=True)
class Picture:
    url: str
    mime_type: str
    width: int
    height: int
    alt: str = ""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry; `html` is what a reader gets to read, its addresses full, all of it or a part."""

    id: str
    url: str
    title: str
    html: str
    is_whole: bool
    published_at: datetime
    updated_at: datetime
    writers: tuple[Writer, ...]
    summary: str = ""  # plain text
    topics: tuple[str, ...] = ()
    comments_url: str = ""
    picture: Picture | None = None


@dataclass(frozen=True, kw_only=True)
class Channel:
    """What a feed is of; `id` stays when its addresses change, `url` is the page it belongs to."""

    id: str
    title: str
    description: str
    url: str
    feed_url: str
    entries: tuple[Entry, ...]

    @property
    def updated_at(self) -> datetime:
        """Return the last real change of an entry: the feed itself has no other."""
        return max((entry.updated_at for entry in self.entries), default=NEVER)


class Rss(Rss201rev2Feed):
    """RSS 2.0 with a `dc:creator` for each author, the whole text apart from the summary."""

    channel: Channel

    def rss_attributes(self) -> dict[str, str]:
        return {
            **super().rss_attributes(),
            "xmlns:content": "http://purl.org/rss/1.0/modules/content/",
            "xmlns:dc": "http://purl.org/dc/elements/1.1/",
            "xmlns:media": MEDIA,
        }

    def latest_post_date(self) -> datetime:
        return self.channel.updated_at

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        entry: Entry = item["entry"]
        for writer in entry.writers:
            handler.addQuickElement("dc:creator", writer.name)
        if entry.is_whole:
            handler.addQuickElement("content:encoded", entry.html)
        _add_picture(handler, entry)


class Atom(Atom1Feed):
    """Atom with an `author` element for each author (RFC 4287, section 4.1.2)."""

    channel: Channel

    def root_attributes(self) -> dict[str, str]:
        return {**super().root_attributes(), "xmlns:media": MEDIA}

    def latest_post_date(self) -> datetime:
        return self.channel.updated_at

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        entry: Entry = item["entry"]
        for writer in entry.writers:
            handler.startElement("author", {})
            handler.addQuickElement("name", writer.name)
            if writer.url:
                handler.addQuickElement("uri", writer.url)
            handler.endElement("author")
        if entry.is_whole:
            handler.addQuickElement("content", entry.html, {"type": "html"})
        _add_picture(handler, entry)


def _add_picture(handler: Any, entry: Entry) -> None:
    """Add Media RSS, by which aggregators find the picture of a card.

    Not an enclosure: readers offer those for download, as they do an episode of a podcast.
    """
    if (picture := entry.picture) is None:
        return
    size = {"width": str(picture.width), "height": str(picture.height)} if picture.width else {}
    named = {"url": picture.url, "medium": "image", "type": picture.mime_type}
    handler.startElement("media:content", named | size)
    if picture.alt:
        handler.addQuickElement("media:description", picture.alt, {"type": "plain"})
    handler.endElement("media:content")


FORMATS: dict[str, type[Rss] | type[Atom] | None] = {"rss": Rss, "atom": Atom, "json": None}


def answer(
    request: HttpRequest, channel: Channel, kind: str = "rss", *, changed_at: datetime
) -> HttpResponse:
    """Return the feed as `rss`, `atom` or `json`, or 304 to who has it (RFC 9110, section 13).

    `changed_at` is `pagecache.changed_at()` from before the entries were read. Raises Http404 for
    a format there is not.
    """
    if kind not in FORMATS:
        raise Http404("Feeds are RSS, Atom or JSON.")
    channel = _clean(channel)
    written = FORMATS[kind]
    response = _json(channel) if written is None else _xml(written, channel)
    return conditional(request, response, changed_at=changed_at)


def conditional(
    request: HttpRequest, response: HttpResponse, *, changed_at: datetime
) -> HttpResponse:
    """Return the response with its validators, or 304 in its place; for GET and HEAD alike.

    The date is that of the last change of anything public and not of the entries: what was
    withdrawn or mended without a word reaches also who asks by date alone.
    """
    moment = int(changed_at.timestamp())
    response["ETag"], response["Last-Modified"] = etag_of(response.content), http_date(moment)
    found = get_conditional_response(
        request, etag=response["ETag"], last_modified=moment, response=response
    )
    return found or response


def _xml(written: type[Rss] | type[Atom], channel: Channel) -> HttpResponse:
    feed = written(
        title=channel.title,
        link=channel.url,
        description=channel.description,
        language=settings.LANGUAGE_CODE,
        feed_url=channel.feed_url,
        feed_guid=channel.id,
    )
    feed.channel = channel
    for entry in channel.entries:
        feed.add_item(
            title=entry.title,
            link=entry.url,
            description=_description(entry),
            unique_id=entry.id,
            unique_id_is_permalink=False,
            pubdate=entry.published_at,
            updateddate=entry.updated_at,
            categories=entry.topics,
            comments=entry.comments_url or None,
            entry=entry,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


def _description(entry: Entry) -> Any:
    """Return HTML, as readers take it in both formats; None for nothing to say."""
    return (escape(entry.summary) if entry.is_whole else entry.html) or None


def _json(channel: Channel) -> HttpResponse:
    """Follow https://www.jsonfeed.org/version/1.1/."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "description": channel.description,
        "home_page_url": channel.url,
        "feed_url": channel.feed_url,
        "icon": absolute(static("pbrsite/icon.png")),
        "language": settings.LANGUAGE_CODE,
        "items": [dict(_json_item(entry)) for entry in channel.entries],
    }
    return JsonResponse(feed, content_type="application/feed+json")


def _json_item(entry: Entry) -> Iterator[tuple[str, Any]]:
    yield "id", entry.id
    yield "url", entry.url
    yield "title", entry.title
    if entry.summary:
        yield "summary", entry.summary
    yield "content_html", entry.html or format_html("<p>{}</p>", entry.title)  # Some is required.
    yield "date_published", entry.published_at.isoformat()
    yield "date_modified", entry.updated_at.isoformat()
    yield (
        "authors",
        [
            {"name": writer.name} | ({"url": writer.url} if writer.url else {})
            for writer in entry.writers
        ],
    )
    if entry.topics:
        yield "tags", list(entry.topics)
    if entry.picture:
        yield "image", entry.picture.url


def _clean(channel: Channel) -> Channel:
    """Return the channel without characters that no XML can hold."""
    return replace(
        channel,
        title=printable(channel.title),
        description=printable(channel.description),
        entries=tuple(_clean_entry(entry) for entry in channel.entries),
    )


def _clean_entry(entry: Entry) -> Entry:
    picture = entry.picture
    return replace(
        entry,
        title=printable(entry.title),
        html=printable(entry.html),
        summary=printable(entry.summary),
        topics=tuple(printable(name) for name in entry.topics),
        writers=tuple(replace(writer, name=printable(writer.name)) for writer in entry.writers),
        picture=picture and replace(picture, alt=printable(picture.alt)),
    )
