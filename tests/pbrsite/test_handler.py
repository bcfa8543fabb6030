"""A kept page handed out before Django makes a request: the same page, and never in doubt."""

from io import BytesIO
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import DatabaseError
from django.test.client import BOUNDARY, encode_multipart

from pbrsite import pagecache
from pbrsite.handler import Handler
from posts.models import Post
from tests.factories import make_post

# Outside of a test's own transaction: Django's handler would close the connection in it.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def handler(settings) -> Handler:
    settings.PAGE_CACHE_MB = 1
    return Handler()


@pytest.fixture
def passed_on(monkeypatch) -> list[str]:
    """Return the addresses of the requests that went the whole way through Django."""
    found: list[str] = []
    whole_way = WSGIHandler.__call__

    def note(self, environ, start_response):
        found.append(environ["PATH_INFO"])
        return whole_way(self, environ, start_response)

    monkeypatch.setattr(WSGIHandler, "__call__", note)
    return found


def ask(handler: Handler, path: str, **more: Any) -> tuple[str, list, str]:
    environ: dict[str, Any] = {"PATH_INFO": path, "HTTP_HOST": "testserver", **more}
    setup_testing_defaults(environ)
    said: list[Any] = []
    body = handler(environ, lambda status, headers: said.extend([status, headers]))
    return said[0], sorted(said[1]), b"".join(body).decode()


def test_the_second_reader_gets_the_first_ones_page_at_once(handler, passed_on):
    make_post(slug="a-post")
    first, second = ask(handler, "/a-post/"), ask(handler, "/a-post/")
    assert first == second
    assert first[0] == "200 OK"
    assert passed_on == ["/a-post/"]


def test_a_change_is_visible_in_the_very_next_request(handler):
    post = make_post(slug="a-post")
    ask(handler, "/a-post/")
    Post.objects.filter(pk=post.pk).update(title="After")
    assert "After" in ask(handler, "/a-post/")[2]
    post.withdraw()
    assert ask(handler, "/a-post/")[0] == "410 Gone"


NOT_PLAIN = [
    {"HTTP_COOKIE": "sessionid=1"},
    {"QUERY_STRING": "replytocom=1"},
    {"HTTP_IF_NONE_MATCH": '"1"'},
    {"HTTP_IF_MODIFIED_SINCE": "Sat, 01 Aug 2026 00:00:00 GMT"},
    {"REQUEST_METHOD": "HEAD"},
    {"REQUEST_METHOD": "POST"},
    {"HTTP_HOST": "127.0.0.1"},
    {"wsgi.url_scheme": "https"},
]


def test_anything_but_the_plainest_question_goes_on_to_django(handler, passed_on):
    make_post(slug="a-post")
    ask(handler, "/a-post/")
    for more in NOT_PLAIN:
        passed_on.clear()
        ask(handler, "/a-post/", **more)
        assert passed_on == ["/a-post/"], more


@pytest.mark.parametrize("port", ["80", "8000", "abc", "99999", "123456", "", "80:80", "²"])
def test_a_port_is_judged_as_without_kept_pages(handler, settings, port):
    make_post(slug="a-post")
    host = {"HTTP_HOST": f"testserver:{port}"}
    settings.PAGE_CACHE_MB = 0
    expected = ask(handler, "/a-post/", **host)[0]
    settings.PAGE_CACHE_MB = 1
    ask(handler, "/a-post/")
    assert ask(handler, "/a-post/", **host)[0] == expected


def test_behind_a_proxy_only_what_came_by_https_is_handed_out(handler, passed_on, settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    make_post(slug="a-post")
    for scheme in ("https", "https", "http", "https, http"):
        ask(handler, "/a-post/", HTTP_X_FORWARDED_PROTO=scheme)
    assert passed_on == ["/a-post/"] * 3


def test_without_a_database_django_says_so(handler, monkeypatch):
    make_post(slug="a-post")
    ask(handler, "/a-post/")

    def refuse() -> None:
        raise DatabaseError

    monkeypatch.setattr(pagecache, "content_version", refuse)
    assert ask(handler, "/a-post/")[0] == "500 Internal Server Error"


def test_the_site_is_served_by_it():
    from pbrsite.wsgi import application

    assert isinstance(application, Handler)


# The first gives half a character, the others are no encodings of text.
@pytest.mark.parametrize("charset", ["utf-7", "hex", "undefined", "latin-1"])
def test_form_is_read_as_utf_8_whatever_it_says_of_itself(handler, charset):
    make_post(slug="a-post")
    body = encode_multipart(BOUNDARY, {"body": "+2AA- é kept", "parent": "+2AA-"})
    form = {
        "REQUEST_METHOD": "POST",
        "wsgi.input": BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}; charset={charset}",
    }
    status, _, page = ask(handler, "/a-post/comments/", **form)
    assert status.startswith("422 ")
    assert "+2AA- é kept" in page


def test_query_is_read_as_utf_8_whatever_the_request_says_of_itself(handler):
    said = {"QUERY_STRING": "q=%C3%A9t%C3%A9", "CONTENT_TYPE": "text/plain; charset=hex"}
    status, _, page = ask(handler, "/search/", **said)
    assert status == "200 OK"
    assert "été" in page
