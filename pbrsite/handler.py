"""What the web server calls: kept pages at once, everything else by way of Django."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import Error

from pbrsite import pagecache
from pbrsite.database.server import EmbeddedPostgresError
from pbrsite.pagecache import Key, Page, PageCache

# What makes an answer somebody's own, or shorter than the page.
NOT_PLAIN = (*pagecache.CONDITIONS, "QUERY_STRING", "HTTP_COOKIE", "SCRIPT_NAME")


class Request(WSGIRequest):
    """Reads query string and form as UTF-8, whatever the visitor says of them.

    Our pages are UTF-8, and so is what browsers send from them. Among the encodings that Python
    knows by name, and a stranger may write, are some that are none of text ("hex"), or that give
    half a character ("utf-7"): no page and no database takes that.
    """

    @property
    def encoding(self) -> None:
        return None

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        """Django hands on what the Content-Type says, while it makes the request."""


class Handler(WSGIHandler):
    """Django's, which hands out a kept page before it makes a request of what the visitor asks.

    Making one, and a response, is three quarters of a kept page's cost. Only the plainest question
    is answered here: what is not kept, conditional or in any doubt goes on to the middleware.
    """

    request_class = Request
    cache: PageCache

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async)
        layer: Any = vars(self)["_middleware_chain"]
        while not isinstance(layer, PageCache):
            # Django wraps each layer to answer its exceptions, and says what it has wrapped.
            layer = getattr(layer, "__wrapped__", None) or layer.get_response
        self.cache = layer

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        key = _plain_key(environ)
        page = self.cache.pages.get(key) if key and settings.PAGE_CACHE_MB else None
        if key is None or page is None or not _is_good(page):
            return super().__call__(environ, start_response)
        self.cache.touch(key)
        start_response("200 OK", list(page.headers.values()))
        return [page.body]


def _plain_key(environ: Mapping[str, Any]) -> Key | None:
    """Return the key of what may be handed out at once, as the middleware would make it."""
    if environ["REQUEST_METHOD"] != "GET" or any(environ.get(name) for name in NOT_PLAIN):
        return None
    scheme = environ["wsgi.url_scheme"]
    if settings.SECURE_PROXY_SSL_HEADER:
        name, scheme_value = settings.SECURE_PROXY_SSL_HEADER
        if environ.get(name) != scheme_value:
            return None
        scheme = "https"
    path = environ["PATH_INFO"]
    host = pagecache.host_of(environ.get("HTTP_HOST", ""))
    if host is None or not path.isascii():  # It is bytes still, in the guise of letters (PEP 3333).
        return None
    return scheme, host, path


def _is_good(page: Page) -> bool:
    try:
        return page.is_good(pagecache.content_version())
    except (Error, EmbeddedPostgresError):  # Django says it to the visitor.
        return False
