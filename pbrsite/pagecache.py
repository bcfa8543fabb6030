"""Whole pages for anonymous readers, kept in the memory of each process, by content version.

The version is a row of the database that changes in the same transaction as what readers see
(triggers of the rooms' migrations call `renew_content()` when it commits), and with it the moment
of the newest public post, so that a scheduled one turns the page by the clock. It is read once per
request; a page is served only under the very version it was rendered at. A publish, edit or
approval is therefore visible in the next request, in every process, with nothing to purge.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import parse_http_date_safe

from pbrsite.database.base import DatabaseWrapper

Version = tuple[bytes | None, bytes | None]
Key = tuple[str, str, str]
OLDEST_SECONDS = 3600  # The forms on a page carry the time it was made, good for a day.
_VERSION = b"SELECT number, content_clock($1) FROM content_version"
_CHANGED_AT = "SELECT greatest(renewed_at, content_clock(%s)) FROM content_version"
KEPT_TYPES = (
    "text/html", "application/rss+xml", "application/atom+xml", "application/feed+json",
    "application/xml",
)  # fmt: skip
# What a reader who has the page already may ask by.
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")


@dataclass(frozen=True)
class Page:
    version: Version
    body: bytes
    headers: dict[str, tuple[str, str]]  # as django.http.response.ResponseHeaders holds them
    etag: str
    changed_at: int | None = None  # in seconds since 1970, where the page says so
    made_at: float = field(default_factory=time.monotonic)

    def is_good(self, version: Version) -> bool:
        return self.version == version and time.monotonic() - self.made_at < OLDEST_SECONDS


class PageCache:
    """Middleware; steps aside for anybody with a cookie, any query string, any other method."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.pages: OrderedDict[Key, Page] = OrderedDict()
        self.size = 0
        self.lock = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_anonymous_read(request) or not settings.PAGE_CACHE_MB:
            return own_page(request, self.get_response(request))
        # Read before the page is rendered: a change meanwhile makes the page too new, never old.
        version = content_version()
        host = host_of(request.META.get("HTTP_HOST", ""))
        if host is None:
            return own_page(request, self.get_response(request))
        key = (request.scheme or "", host, request.path_info)
        page = self.pages.get(key)
        if page is None or not page.is_good(version):
            response = self._whole(request)
            page = page_of(response, version)
            if page is None:
                return _unkept(request, response)
            self._keep(key, page)
        else:
            self.touch(key)
        return _answer(request, page)

    def _whole(self, request: HttpRequest) -> HttpResponse:
        """Return the page itself, whatever the visitor has: a 304 could not be kept for others."""
        asked = {name: request.META.pop(name) for name in CONDITIONS if name in request.META}
        try:
            return self.get_response(request)
        finally:
            request.META.update(asked)

    def touch(self, key: Key) -> None:
        with self.lock:
            if key in self.pages:
                self.pages.move_to_end(key)

    def _keep(self, key: Key, page: Page) -> None:
        with self.lock:
            old = self.pages.pop(key, None)
            self.size += len(page.body) - (len(old.body) if old else 0)
            self.pages[key] = page
            while self.size > settings.PAGE_CACHE_MB * 1_000_000:
                _, dropped = self.pages.popitem(last=False)
                self.size -= len(dropped.body)


def host_of(said: str) -> str | None:
    """Return the host asked for without its port, None where that is no port.

    A visitor may invent ports: each would be an entry of its own. What is none, Django answers.
    """
    host, colon, port = said.partition(":")
    if colon and not (port.isascii() and port.isdecimal() and len(port) <= 5):
        return None
    return host


def is_anonymous_read(request: HttpRequest) -> bool:
    """Return whether this request may share its answer with everybody's."""
    return (
        request.method in {"GET", "HEAD"}
        and not request.META.get("QUERY_STRING")
        and not request.META.get("HTTP_COOKIE")
        and not request.path_info.startswith(("/admin/", "/media/", "/static/"))
    )


def own_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the answer with the word that it is one visitor's, where a cookie came with it."""
    if request.META.get("HTTP_COOKIE"):
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def content_version() -> Version:
    """Return what identifies everything public at this moment; one round trip.

    It is the whole cost of a kept page, so it goes through libpq itself: 10 µs of processor time
    where Django's cursor takes 110 (its health check, its wrapper and psycopg's waiting loop), and
    20 of Postgres's.
    """
    # Found once: looking it up costs a tenth of the rest.
    database = cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS])
    # Our own clock, not the database's: it is the one the page will be rendered by.
    now = timezone.now().isoformat().encode()
    version = database.ask(b"content_version", _VERSION, now)
    if version is None:
        database.close()  # It was never open, or the server went away since the last request.
        database.ensure_connection()
        version = database.ask(b"content_version", _VERSION, now)
    if version is None:
        raise OperationalError("The database does not answer.")
    number, moment = version
    return number, moment


def page_of(response: HttpResponse, version: Version) -> Page | None:
    """Return the page to keep, or None for an answer that is not everybody's."""
    kind = response.get("Content-Type", "").partition(";")[0]
    is_shared = (
        response.status_code == 200
        and not response.streaming
        and kind in KEPT_TYPES
        and not response.cookies
        and "no-store" not in response.get("Cache-Control", "")
    )
    if not is_shared:
        return None
    response["ETag"] = etag_of(response.content)
    response.headers.setdefault("Cache-Control", "no-cache")  # Kept by browsers, asked each time.
    headers = response.headers._store.copy()
    changed_at = parse_http_date_safe(response.get("Last-Modified", ""))
    return Page(version, response.content, headers, response["ETag"], changed_at)


def etag_of(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def changed_at() -> datetime:
    """Return when anything public last changed, by hand or by the clock; one query.

    Ask before what depends on it is read, so that it is never too new. A version is one row, so
    these moments never go backwards.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED_AT, [timezone.now()])
        (moment,) = cursor.fetchone()
    return moment  # type: ignore[no-any-return]


def _unkept(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return what is not kept, or 304 where its view said how it can be told."""
    if response.status_code != 200 or "ETag" not in response:
        return response
    found = get_conditional_response(
        request,
        etag=response["ETag"],
        last_modified=parse_http_date_safe(response.get("Last-Modified", "")),
        response=response,
    )
    return found or response


def _answer(request: HttpRequest, page: Page) -> HttpResponse:
    """Return the page, or 304 when the visitor has it (RFC 9110, section 13.1.2)."""
    if any(name in request.META for name in CONDITIONS):
        unchanged = get_conditional_response(request, etag=page.etag, last_modified=page.changed_at)
        if unchanged is not None:
            for name in ("etag", "last-modified", "cache-control", "content-security-policy"):
                if name in page.headers:
                    unchanged[page.headers[name][0]] = page.headers[name][1]
            return unchanged
    response = HttpResponse(page.body)
    # The headers were checked when the page was kept; checking each again costs more than the rest.
    response.headers._store = page.headers.copy()
    return response
