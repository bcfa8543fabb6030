"""A real Chromium in front of a real server."""

import os
import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.testcases import _MediaFilesHandler
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
# A form refused, a log-in that expired, a connection lost.
BROUGHT_ABOUT = ("status of 422", "status of 401", "ERR_INTERNET_DISCONNECTED")
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


@pytest.fixture(autouse=True)
def settled(live_server: Any) -> Iterator[None]:
    """Wait for what open forms asked by themselves: emptying the tables would collide with it."""
    yield
    busy = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        " AND state_change > clock_timestamp() - interval '150 milliseconds'"
    )
    for _ in range(100):
        with connection.cursor() as cursor:
            cursor.execute(busy)
            if not cursor.fetchone()[0]:
                return
        time.sleep(0.05)


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
