"""Related posts as an editor arranges them, and what readers then see; and who cites a post."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from posts.models import Post
from tests.browser.test_editor_to_reader import log_in
from tests.factories import make_post, make_tag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def pin_by_search(page: Page, words: str, title: str) -> None:
    page.fill("#relatives-words", words)
    page.get_by_role("button", name=f"Pin: {title}", exact=True).click()
    expect(page.locator("#relatives [data-said]")).to_have_text(f"Pinned beside it: “{title}”")


def test_an_editor_pins_moves_and_bans_without_leaving_the_form(page):
    tag = make_tag()
    make_post(title="Found by the tag", tags=(tag,))
    for title in ("Cohort one", "Cohort two"):  # Without one word of the post's.
        make_post(title=title, excerpt="Elsewhere.", body="<p>Other matters.</p>")
    post = make_post(slug="a-post", tags=(tag,))
    log_in(page)
    page.goto(f"/admin/posts/post/{post.pk}/change/")
    page.fill("#id_title", "Typed and not saved")
    page.get_by_role("button", name="Compute the list again").click()
    rows = page.locator("#relatives > ol > li .relatives__post a")
    expect(rows).to_have_text(["Found by the tag"])
    pin_by_search(page, "cohort on", "Cohort one")
    pin_by_search(page, "cohort tw", "Cohort two")
    page.get_by_role("button", name="Move up: Cohort two").press("Enter")
    expect(rows).to_have_text(["Cohort two", "Cohort one", "Found by the tag"])
    page.get_by_role("button", name="Never show: Found by the tag").click()
    expect(rows).to_have_text(["Cohort two", "Cohort one"])
    expect(page.get_by_role("button", name="Allow again: Found by the tag")).to_be_focused()
    expect(page.locator("#id_title")).to_have_value("Typed and not saved")
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.goto("/a-post/")
    expect(page.locator("#related .card__title")).to_have_text(["Cohort two", "Cohort one"])
    assert Post.objects.get(pk=post.pk).title == "Typed and not saved"


def test_a_reader_goes_from_an_old_post_to_the_later_ones_that_cite_it(page):
    make_post(slug="old", title="Long ago", published_at=timezone.now() - timedelta(days=30))
    for number in range(7):
        make_post(title=f"Later {number}", body='<p><a href="/old/#part">Then</a> and now.</p>')
    page.goto("/old/")
    section = page.locator("#citing")
    expect(section.get_by_role("link", name=re.compile("Later"))).to_have_count(5)
    section.get_by_text("And 2 more").click()
    section.get_by_role("link", name="Later 0").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Later 0")
    page.get_by_role("link", name="Then").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Long ago")
