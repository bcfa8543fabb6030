"""A real Chromium in front of a real server."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test.testcases import _MediaFilesHandler
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# A form refused, a log-in that expired, a connection lost.
BROUGHT_ABOUT = ("status of 422", "status of 401", "ERR_INTERNET_DISCONNECTED")
# A busy machine is no fault of the site's; what never comes is missed all the same.
expect.set_options(timeout=20_000)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
         "--disable-component-update", "--disable-sync", "--disable-quic"]  # fmt: skip


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("no Chromium is installed")
    # Playwright keeps an event loop in this thread; the tests' queries are not part of it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(autouse=True)
def media_from_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the site itself answer for /media/: Django's test server would give every file away."""
    monkeypatch.setattr(_MediaFilesHandler, "_should_handle", lambda self, path: False)


class Door:
    """In front of the site: shut between tests, so that emptying the tables collides with nobody.

    An open form goes on asking by itself, and what it sends when it closes may come late.
    """

    def __init__(self, app: Callable[..., Any]) -> None:
        self.app = app
        self.inside = 0
        self.is_open = False
        self.changed = threading.Condition()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        with self.changed:
            if not self.is_open:
                start_response("503 Service Unavailable", [("Content-Length", "0")])
                return [b""]
            self.inside += 1
        try:
            return self.app(environ, start_response)
        finally:
            with self.changed:
                self.inside -= 1
                self.changed.notify_all()

    def shut(self) -> None:
        """Let nobody in, and wait until whoever is inside has left."""
        with self.changed:
            self.is_open = False
            assert self.changed.wait_for(lambda: not self.inside, timeout=30)


@pytest.fixture(scope="session")
def door(live_server: Any) -> Door:
    server = live_server.thread.httpd
    server.set_app(Door(server.get_app()))
    made: Door = server.get_app()
    return made


@pytest.fixture(autouse=True)
def settled(door: Door, transactional_db: None) -> Iterator[None]:
    """Let visitors in for the length of the test."""
    door.is_open = True
    yield
    door.shut()


@pytest.fixture
def page(chromium: Browser, live_server: Any, settings: Any) -> Iterator[Page]:
    """Return a page of a fresh visitor; an error or a blocked resource fails the test."""
    settings.SITE_URL = live_server.url
    size: Any = {"width": 1280, "height": 900}
    context = chromium.new_context(base_url=live_server.url, viewport=size)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda entry: problems.append(entry.text) if is_problem(entry) else None)
    yield page
    context.close()
    assert problems == []


def is_problem(entry: ConsoleMessage) -> bool:
    """Return whether the console tells of a fault; what a test brings about itself is none."""
    return entry.type == "error" and not any(words in entry.text for words in BROUGHT_ABOUT)
