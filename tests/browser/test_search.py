"""Searching and going by topic as a reader without JavaScript, on a phone and on a desk."""

import re

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [390, 1280])
def test_without_javascript_a_reader_narrows_a_search_down_and_takes_it_back(
    chromium, live_server, settings, width
):
    settings.SITE_URL = live_server.url
    call_command("load_demo", verbosity=0)
    context = chromium.new_context(
        base_url=live_server.url, java_script_enabled=False,
        viewport={"width": width, "height": 800},
    )  # fmt: skip
    page = context.new_page()
    page.goto("/search/")
    page.locator("#search").fill("probation")
    page.locator("#search").press("Enter")
    before = page.get_by_role("status").inner_text()
    expect(page.locator("#results mark").first).to_be_visible()
    page.locator("#facets").get_by_role("link", name="Prisons").click()
    chip = page.get_by_role("link", name="Remove Topic: Prisons")
    expect(chip).to_be_visible()
    assert page.get_by_role("status").inner_text() != before
    chip.click()
    expect(page.get_by_role("status")).to_have_text(before)
    page.locator("#search").fill("qqzxv wwkjj")
    page.locator("#search").press("Enter")
    expect(page.get_by_role("heading", name="Ways to find it")).to_be_visible()
    context.close()


def test_two_topics_are_listed_together_and_one_is_dropped_again(page):
    call_command("load_demo", verbosity=0)
    page.goto("/tag/payment-by-results/")
    page.get_by_role("region", name="Often filed together").get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/tag/[a-z-]+\+[a-z-]+/$"))
    expect(page.get_by_text("filed under both topics")).to_be_visible()
    page.get_by_role("link", name="Remove Payment by results").click()
    expect(page).to_have_url(re.compile(r"/tag/[a-z-]+/$"))
