"""From the form to the goodbye and back, as a reader's own browser does it, and another one."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from subscriptions import tokens
from subscriptions.models import Subscriber

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_own_browser_confirms_by_itself_and_a_goodbye_can_be_undone(
    page: Page, chromium: Browser, live_server: Any, run_jobs: Callable[[], int],
    mailoutbox: list[Any],
):  # fmt: skip
    page.goto("/subscribe/")
    page.get_by_label("E-mail address").fill("reader@example.org")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.locator("h1")).to_have_text("Check your mail")
    run_jobs()
    link = re.search(r"/subscribe/confirm/[\w-]+/", mailoutbox[0].body)
    assert link
    other = chromium.new_page(base_url=live_server.url)
    other.goto(link[0])
    expect(other.get_by_role("button", name="Yes, subscribe me")).to_be_visible()
    other.close()
    assert not Subscriber.objects.get().is_active()
    page.goto(link[0])
    expect(page.locator("h1")).to_have_text("You are subscribed")
    assert page.context.cookies() == []
    page.goto(f"/u/{tokens.leave(Subscriber.objects.get().pk, 1)}/")
    page.get_by_role("button", name="Unsubscribe").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("h1")).to_have_text("You are subscribed again")
    assert Subscriber.objects.get().is_active()
