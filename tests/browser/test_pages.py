"""Every kind of page over the demo archive: accessible, no wider than a phone, quiet console."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/", "/page/3/", "/doncaster-invictus-pilot/", "/alcohol-treatment-in-numbers/", "/tags/",
    "/tag/payment-by-results/", "/author/ruth-carraway/", "/archive/", "/2013/", "/search/",
    "/search/?q=cohort", "/search/?q=probaton", "/search/?q=probation&year=2014",
    "/tag/payment-by-results+troubled-families/", "/tags/p/", "/subscribe/", "/subscription/",
    "/digest/2015/06/23/", "/doncaster-invictus-pilot/comments/", "/about/", "/privacy/",
    "/comments/yours/",
]  # fmt: skip


def problems_of(page: Page, path: str) -> list[Any]:
    page.goto(path)
    found = [
        (path, violation["id"], node["target"])
        for violation in Axe().run(page).response["violations"]
        for node in violation["nodes"]
    ]
    wide = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return [*found, *([(path, "wider than the screen", wide)] if wide > 0 else [])]


def test_every_kind_of_page_is_accessible_in_both_schemes_and_fits_a_phone(page):
    call_command("load_demo", verbosity=0)
    found = []
    for scheme, width in (("light", 1280), ("dark", 320)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        for path in PAGES:
            found += problems_of(page, path)
    assert found == []


def test_without_javascript_a_reader_finds_reads_and_replies(chromium, live_server):
    call_command("load_demo", verbosity=0)
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.locator("#site-search").fill("doncaster")
    page.locator("#site-search").press("Enter")
    page.locator("#results a").first.click()
    page.get_by_role("link", name="Reply").first.click()
    form = page.locator("#comment-form")
    form.get_by_label("name").fill("A reader")
    form.get_by_role("button", name="Send comment").click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(form.get_by_label("name")).to_have_value("A reader")
    context.close()


def test_a_form_error_is_told_at_its_field_and_the_text_is_kept(page):
    call_command("load_demo", verbosity=0)
    page.goto("/doncaster-invictus-pilot/")
    form = page.locator("#comment-form")
    form.evaluate("form => form.noValidate = true")
    form.locator("textarea").fill("My long argument.")
    form.get_by_role("button", name="Send comment").click()
    expect(page.locator(".error-summary")).to_be_focused()
    field = page.locator("#comment-form [aria-invalid=true]").first
    assert "error" in str(field.get_attribute("aria-describedby"))
    expect(page.locator("#comment-form textarea")).to_have_value("My long argument.")
