"""The proof of work in a real browser: found while writing, and right by the server's reckoning."""

import pytest

from comments import work
from tests.factories import make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_browser_finds_a_number_that_the_server_accepts(chromium, live_server):
    post = make_post()
    page = chromium.new_page()
    page.goto(f"{live_server.url}/{post.slug}/comments/")
    form = page.locator("#comment-form")
    form.locator("[name=email]").fill("Ben@example.org")
    form.locator("[name=body]").fill("A thought.")
    page.wait_for_function("document.getElementById('comment-form').elements.work.value !== ''")
    number, token = (form.locator(f"[name={name}]").input_value() for name in ("work", "rendered"))
    page.close()
    assert work.is_done(number, token=token, email="ben@example.org")
