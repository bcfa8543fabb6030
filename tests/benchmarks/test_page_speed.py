"""What a page costs, as ratios measured in one run: `pytest -m benchmark -s`.

A cost is processor time, of this process and of Postgres's for it, taken in turns with a constant
response of 30 kB through Django's default middleware: whatever else the machine does hits both.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path

from comments.models import Comment
from pbrsite.handler import Handler
from posts import relatedness, search
from posts.models import Author, Post, Tag
from tests.factories import make_author, make_post, make_tag

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]

ROUNDS = 80
CONSTANTS = 20  # a round of them lasts about as long as a page
DEFAULT_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
constant_body = b"x" * 30_000


def constant(request: HttpRequest) -> HttpResponse:
    return HttpResponse(constant_body)


urlpatterns = [path("constant/", constant)]


def own_streets(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """Middleware: the constant response stands beside the site, not in it."""

    def respond(request: HttpRequest) -> HttpResponse:
        request.urlconf = __name__
        return get_response(request)

    return respond


class Cost(NamedTuple):
    """Medians: of the processor time in ms, and of the ratio to the constant response beside it."""

    python: float
    database: float
    constant: float
    ratio: float
    python_ratio: float


@pytest.fixture
def plain() -> Callable[[], bytes]:
    with override_settings(MIDDLEWARE=[f"{__name__}.own_streets", *DEFAULT_MIDDLEWARE]):
        app = WSGIHandler()
    return lambda: get(app, "/constant/")


def get(app: WSGIHandler, address: str) -> bytes:
    """Return the answer's body, as a web server asks for it."""
    location, _, query = address.partition("?")
    environ: dict[str, Any] = {
        "PATH_INFO": location, "QUERY_STRING": query, "HTTP_HOST": "testserver",
        "HTTP_ACCEPT": "text/html", "HTTP_ACCEPT_ENCODING": "br",
    }  # fmt: skip
    setup_testing_defaults(environ)
    response: Any = app(environ, _ignore)
    body = b"".join(response)
    if hasattr(response, "close"):
        response.close()
    return body


def _ignore(status: str, headers: list[tuple[str, str]], error: Any = None, /) -> Any:
    """Stand for the server, which would send these."""


def cost(call: Callable[[], object], plain: Callable[[], object]) -> Cost:
    for _ in range(10):
        call()
        plain()
    rows = []
    for _ in range(ROUNDS):
        python, database = spent(call)
        beside = spent(lambda: [plain() for _ in range(CONSTANTS)])[0] / CONSTANTS
        rows.append((python, database, beside, (python + database) / beside, python / beside))
    return Cost(*(statistics.median(column) for column in zip(*rows, strict=True)))


def spent(call: Callable[[], object]) -> tuple[float, float]:
    """Return the milliseconds of processor time one call took, here and in Postgres."""
    of_server, started = server_ms(), time.process_time()
    call()
    return (time.process_time() - started) * 1000, server_ms() - of_server


def server_ms() -> float:
    """Return what the server's process for this connection has used; 0 where nobody says."""
    if connection.connection is None:
        return 0.0
    statistics_file = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return int(statistics_file.read_text().split()[0]) / 1e6 if statistics_file.exists() else 0.0


def fill(number: int) -> None:
    author = Author.objects.first() or make_author()
    tags = list(Tag.objects.all()) or [make_tag(is_in_navigation=True) for _ in range(10)]
    for index in range(number):
        make_post(tags=(tags[index % 10],), author=author, body=f"<p>Probation word{index}.</p>")
    search.index(list(Post.objects.values_list("pk", flat=True)))


def an_article() -> Post:
    """Return a post like those of the archive: five headings, four tags, relatives, comments."""
    body = "".join(
        f"<h2>Heading {part}</h2>"
        + f"<p>{'Probation and the results it is paid by. ' * 12}</p>" * 2
        for part in range(5)
    )
    tags = tuple(Tag.objects.all()[:4])
    post = make_post(body=body, tags=tags, topic=tags[0], standfirst="In a sentence or two.")
    relatedness.relate(post.pk, with_neighbours=False)
    parent = None
    for number in range(20):
        words = f"Comment {number}, with *emphasis* and a [link](https://example.org/)."
        parent = Comment.objects.create(
            post=post, name=f"Reader {number}", body=words, state="published",
            parent=parent if number % 3 else None,
        )  # fmt: skip
    return post


# How many constant responses each may cost: two fifths above what was measured on a busy machine,
# where the many things a page touches suffer more than the constant's few.
PAGES = {
    "post": ("/{post.slug}/", 95),
    "home": ("/", 50),
    "topic": ("/tag/{tag.slug}/", 70),
    "author": ("/author/{post.author.slug}/", 100),
    "archive": ("/archive/", 35),
    "search": ("/search/?q=probation", 120),
}
MOST_QUERIES = 6


def test_a_page_without_any_cache_costs_a_known_number_of_constant_responses(plain, capsys):
    fill(40)
    article = an_article()
    app, measured = WSGIHandler(), {}
    for name, (address, _) in PAGES.items():
        location = address.format(post=article, tag=article.topic)
        get(app, location)
        with CaptureQueriesContext(connection) as captured:
            size = len(get(app, location))
        asked = [query["sql"] for query in captured]
        queries = len(asked) - asked.count("BEGIN") - asked.count("COMMIT")
        measured[name] = cost(partial(get, app, location), plain)
        found = measured[name]
        with capsys.disabled():
            print(
                f"\n{name:8}{size / 1000:6.1f} kB {queries:2} queries"
                f"  Python {found.python:5.2f} ms, Postgres {found.database:5.2f} ms,"
                f" constant {found.constant:.3f} ms, ratio {found.ratio:6.1f}",
                end="",
            )
        assert queries <= MOST_QUERIES
    assert {
        name: found.ratio for name, found in measured.items() if found.ratio > PAGES[name][1]
    } == {}


def test_a_kept_page_costs_less_than_a_constant_response(settings, plain, capsys):
    global constant_body
    fill(20)
    address = an_article().get_absolute_url()
    settings.PAGE_CACHE_MB = 16
    app = Handler()
    constant_body = get(app, address)
    found = cost(lambda: [get(app, address) for _ in range(CONSTANTS)], plain)
    ratio, python_ratio = found.ratio / CONSTANTS, found.python_ratio / CONSTANTS
    with capsys.disabled():
        print(
            f"\nkept post page of {len(constant_body) / 1000:.0f} kB:"
            f" {python_ratio:.2f} constant responses, {ratio:.2f} with Postgres's part"
        )
    assert ratio <= 1.0
