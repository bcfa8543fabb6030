"""A reader writes, a moderator decides: with JavaScript and without, by mouse and by keyboard."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from comments.models import Comment
from tests.comments.factories import make_comment, published
from tests.factories import make_member, make_post, make_staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
QUEUE = "/admin/comments/comment/"


def violations(page: Page) -> list[Any]:
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.reload()  # The admin's colours fade into one another.
        for violation in Axe().run(page).response["violations"]:
            found += [(scheme, violation["id"], node["target"]) for node in violation["nodes"]]
    return found


def log_in(page: Page, live_server: Any) -> None:
    user = make_member("Moderator", password="a long pass phrase")
    page.goto(f"{live_server.url}/admin/login/?next={QUEUE}")
    page.locator("#id_username").fill(user.username)
    page.locator("#id_password").fill("a long pass phrase")
    page.locator("#id_password").press("Enter")
    page.wait_for_url(f"**{QUEUE}")


def states() -> dict[str, str]:
    return dict(Comment.objects.values_list("name", "state"))


def test_a_reader_previews_errs_sends_and_hears_that_it_is_checked(page):
    thread = published(name="Anna", body="A *first* thought.")
    published(parent=published(parent=thread), name="Third level")
    thread.reply(by=make_staff(), body="Thank you.")
    page.goto(f"/{thread.post.slug}/")
    assert violations(page) == []
    form = page.locator("#comment-form")
    form.locator("textarea").fill("My *long* argument.")
    form.get_by_role("button", name="Preview").click()
    expect(form.locator(".panel em")).to_have_text("long")
    assert page.url.endswith(f"/{thread.post.slug}/")
    form.get_by_role("button", name="Send comment").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.locator("#comment-form textarea")).to_have_value("My *long* argument.")
    page.get_by_label("Your name").fill("Ben")
    page.locator("#comment-email").fill("ben@example.org")
    page.get_by_role("button", name="Send comment").click()
    expect(page.get_by_text("Comments are checked before they appear")).to_be_visible()
    assert states()["Ben"] == "held"


def test_without_javascript_a_reader_previews_answers_and_returns_to_the_thread(
    chromium, live_server, settings
):
    settings.SITE_URL = live_server.url
    parent = published(name="Anna")
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/{parent.post.slug}/")
    page.get_by_role("link", name="Reply to Anna").click()
    page.locator("#comment-body").fill("I *disagree*.")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview em")).to_have_text("disagree")
    expect(page.get_by_text("You are answering Anna")).to_be_visible()
    page.get_by_label("Your name").fill("Ben")
    page.locator("#comment-email").fill("ben@example.org")
    page.get_by_role("button", name="Send comment").click()
    page.get_by_role("link", name="Back to the comments").click()
    assert page.url.endswith(f"/{parent.post.slug}/#own-comments")  # just above the thread
    context.close()
    assert Comment.objects.get(name="Ben").parent == parent


def test_a_moderator_clears_the_queue_by_keyboard_and_takes_one_back(page, live_server):
    post = make_post()
    for name in ("Anna", "Spammer", "Rude", "Curious"):
        make_comment(post=post, name=name)
    log_in(page, live_server)
    assert violations(page) == []
    keys = page.keyboard
    keys.press("a")
    expect(page.locator("#queue-said")).to_have_text("1 comment published.")
    keys.press("s")
    keys.press("d")
    expect(page.locator("#queue-said")).to_have_text("1 comment removed.")
    assert states() == {"Anna": "published", "Spammer": "spam", "Rude": "removed",
                        "Curious": "held"}  # fmt: skip
    expect(page.locator("[name=everything]").first).to_have_text("Approve all 1")
    keys.press("u")
    expect(page.locator("#queue-said")).to_have_text("1 comment back as before.")
    expect(page.locator("tr.is-current .queue__name")).to_have_text("Rude")
    expect(page.locator("[name=everything]").first).to_have_text("Approve all 2")
    keys.press("j")
    keys.press("r")
    page.get_by_label("Reply as staff to Curious").fill("Good question: see the appendix.")
    keys.press("Escape")
    expect(page.locator("tr.is-current")).to_be_focused()
    page.get_by_role("button", name="Publish reply").click()
    expect(page.locator("#queue-said")).to_contain_text("Your reply is published")
    assert (states()["Rude"], states()["Curious"]) == ("held", "published")
    assert Comment.objects.get(parent__name="Curious").is_public


def test_without_javascript_the_whole_queue_is_cleared_and_brought_back(chromium, live_server):
    post = make_post()
    for place in range(60):
        make_comment(post=post, name=f"N{place}")
    context = chromium.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    log_in(page, live_server)
    page.get_by_role("button", name="Spam: comment by N0").click()
    expect(page.get_by_text("1 comment marked as spam.")).to_be_visible()
    page.get_by_role("button", name="Approve all 59").click()
    assert Comment.objects.published().count() == 59
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("59 comments back as before.")).to_be_visible()
    assert Comment.objects.held().count() == 59
    context.close()
