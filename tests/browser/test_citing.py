"""Paragraph links and the citation box, as a reader uses them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.factories import make_post

pytestmark = pytest.mark.browser
BODY = "<p>The first words of the post.</p><p>The second paragraph says more.</p>"


def test_a_paragraphs_sign_shows_itself_leads_there_and_copies_the_address(page: Page):
    make_post(slug="a-post", body=BODY)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/a-post/?from=a-letter")
    paragraph = page.get_by_text("The second paragraph")
    pin = paragraph.get_by_role("link", name="Link to this paragraph")
    expect(pin).to_have_css("opacity", "0")
    paragraph.hover()
    expect(pin).to_have_css("opacity", "1")
    pin.click()
    anchor = paragraph.get_attribute("id")
    expect(page).to_have_url(re.compile(f"#{anchor}$"))
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.endswith(f"/a-post/#{anchor}")
    expect(page.locator("#share [role=status]")).to_have_text("Link copied")


def test_the_citation_opens_and_the_sign_is_reached_by_keyboard(page: Page):
    post = make_post(slug="a-post", body=BODY)
    page.goto("/a-post/")
    pin = page.locator(".prose .pin").first
    pin.focus()
    expect(pin).to_have_css("opacity", "1")
    assert pin.bounding_box()["x"] >= 0  # type: ignore[index]
    page.get_by_text("Cite this post").click()
    expect(page.locator("#cite")).to_contain_text(f"/p/{post.pk} (Accessed:")
    with page.expect_download() as download:
        page.get_by_role("link", name="RIS").click()
    assert download.value.suggested_filename == "a-post.ris"
