"""A reader asks to be told, proves the address, is trusted, changes a mind, and is forgotten."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from comments.contacts import CommentContact
from comments.models import Comment
from tests.factories import make_post, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def write(page: Page, slug: str, text: str, *boxes: str) -> None:
    page.goto(f"/{slug}/comments/")
    form = page.locator("#comment-form")
    form.get_by_label("Your name").fill("Wanda Writer")
    form.get_by_label("Your e-mail").fill("wanda@example.org")
    form.get_by_label("Your comment").fill(text)
    for box in boxes:
        form.get_by_label(box).check()
    form.get_by_role("button", name="Send comment").click()
    expect(page.locator("h1")).to_have_text("Thank you for your comment")


def mailed_link(live_server: Any) -> str:
    return str(live_server.url) + str(mail.outbox[-1].body).split(live_server.url)[1].split()[0]


@pytest.mark.parametrize("has_javascript", [True, False], ids=["with scripts", "without"])
def test_reader_is_trusted_by_proof_edits_and_is_erased(
    chromium, live_server, settings, run_jobs, monkeypatch, has_javascript
):
    monkeypatch.setattr("pbrsite.forms.QUICKEST", timedelta())  # A script types in no time.
    settings.SITE_URL = live_server.url
    post = make_post(slug="a-post")
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=has_javascript)
    page = context.new_page()
    write(page, post.slug, "My frist words.", "E-mail me about replies")
    mend_own_words(page)
    run_jobs()
    confirm(page, live_server)
    Comment.objects.all().approve(by=make_staff())
    write(page, post.slug, "My second words.")
    expect(page.locator("main")).to_contain_text("It is published")
    stranger = chromium.new_context(base_url=live_server.url).new_page()
    stranger.goto("/a-post/")
    expect(stranger.locator("#comments")).to_contain_text("My second words.")
    stranger.context.close()
    ask_for_link(page)
    run_jobs()
    erase(page, live_server)
    page.goto("/a-post/")
    expect(page.locator("main")).not_to_contain_text("words")
    assert not CommentContact.objects.exists()
    context.close()


def mend_own_words(page: Page) -> None:
    page.get_by_role("link", name="Back to the comments").click()
    own = page.locator("#own-comments")
    expect(own).to_contain_text("Only you see this")
    own.get_by_role("link", name="Edit or withdraw").click()
    page.get_by_label("Your comment").fill("My first words.")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#own-comments")).to_contain_text("My first words.")


def confirm(page: Page, live_server: Any) -> None:
    page.goto(mailed_link(live_server))
    expect(page.locator(".panel")).to_contain_text("My first words.")
    page.get_by_role("button", name="Yes, this is my address").click()
    expect(page.locator("h1")).to_have_text("Your address is confirmed")


def ask_for_link(page: Page) -> None:
    page.goto("/comments/yours/")
    page.get_by_label("Your e-mail").fill("wanda@example.org")
    page.get_by_role("button", name="Mail me a link").click()


def erase(page: Page, live_server: Any) -> None:
    page.goto(mailed_link(live_server))
    page.get_by_role("button", name="Erase everything").click()
    expect(page.locator("#erase")).to_contain_text("Tick the box")
    page.get_by_label("I want all these comments").check()
    page.get_by_role("button", name="Erase everything").click()
    expect(page.locator("h1")).to_have_text("Everything is erased")
