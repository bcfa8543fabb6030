"""Old addresses, missing pages and corrections, as an editor and a reader meet them."""

import pytest
from playwright.sync_api import Page, expect

from posts import missing
from tests.browser.test_editor_to_reader import log_in
from tests.factories import make_post

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def fresh_collector(monkeypatch):
    monkeypatch.setattr(missing, "collector", missing.Collector())


def rename(page: Page, pk: int, slug: str) -> None:
    page.goto(f"/admin/posts/post/{pk}/change/")
    page.fill("#id_slug", slug)
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_a_reader_finds_a_post_whose_address_went_and_came_back(page):
    post = make_post(slug="first-name", title="Counting what counts")
    log_in(page)
    page.goto(f"/admin/posts/post/{post.pk}/change/")
    expect(page.locator(".field-slug")).to_contain_text("its old address will lead here")
    rename(page, post.pk, "second-name")
    page.goto("/first-name/")  # The browser may remember this step.
    expect(page).to_have_url("/second-name/")
    rename(page, post.pk, "first-name")
    page.goto("/second-name/")
    expect(page).to_have_url("/first-name/")
    expect(page.locator("h1")).to_have_text("Counting what counts")


def test_one_click_mends_a_missing_page(page, chromium, live_server):
    make_post(slug="counting-what-counts", title="Counting what counts")
    reader = chromium.new_context(base_url=live_server.url).new_page()
    reader.goto("/counting-waht-counts/")
    expect(reader.locator("#did-you-mean")).to_contain_text("Counting what counts")
    log_in(page)
    page.goto("/admin/posts/missingpage/")
    page.get_by_role("button", name="Redirect to this post").click()
    expect(page.locator(".messagelist .success")).to_contain_text("leads to “Counting what counts”")
    reader.goto("/counting-waht-counts/")
    expect(reader).to_have_url("/counting-what-counts/")
    reader.context.close()


def test_a_correction_is_told_on_the_page_in_the_feed_and_in_the_list(page):
    post = make_post(slug="a-post", title="Counting what counts")
    log_in(page)
    page.goto(f"/admin/posts/post/{post.pk}/change/")
    page.get_by_role("button", name="Add another Public notice").click()
    page.fill("#id_corrections-0-text", "The rate is 6 per cent.")
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    page.goto("/a-post/")
    expect(page.locator("#corrections")).to_contain_text("The rate is 6 per cent.")
    expect(page.locator(".byline")).to_contain_text("Updated")
    assert "The rate is 6 per cent." in page.request.get("/feed/").text()
    page.get_by_role("link", name="Corrections").click()
    expect(page.locator("#results")).to_contain_text("Counting what counts")
