"""Writing without losing a word: working copies, two editors at once, previews."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from posts.models import Image, Post, WorkingCopy
from tests.browser.test_editor_to_reader import a_picture, choose, upload
from tests.factories import make_author, make_post, make_tag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT = re.compile(r"Saved as a working copy at \d\d:\d\d")
PASSWORD = "a long password"


def make_editor(name: str) -> User:
    first, last = name.split()
    return User.objects.create_superuser(
        first.lower(), f"{first.lower()}@example.org", PASSWORD, first_name=first, last_name=last
    )


def log_in(page: Page, user: User) -> None:
    page.goto("/admin/login/?next=/admin/")
    page.fill("#id_username", user.username)
    page.fill("#id_password", PASSWORD)
    page.click("[type=submit]")
    expect(page.get_by_role("heading", name="Editorial desk")).to_be_visible()


def open_post(page: Page, post: Post) -> None:
    page.goto(f"/admin/posts/post/{post.pk}/change/")
    expect(page.locator(".ProseMirror[contenteditable=true]")).to_be_visible()


def type_in_body(page: Page, words: str) -> None:
    page.locator(".ProseMirror[contenteditable=true]").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(words)


def body_of(page: Page) -> Any:
    return page.locator(".ProseMirror[contenteditable=true]")


def kept_in_browser(page: Page) -> Any:
    return page.evaluate("Object.keys(localStorage).filter(name => /^working-copy/.test(name))")


def said(page: Page) -> Any:
    return page.locator("#autosave [data-said]")


def test_a_working_copy_survives_a_reload_and_touches_no_row(page):
    post = make_post(title="As published", body="<p>Old words.</p>")
    before = Post.objects.get()
    log_in(page, make_editor("Ann Writer"))
    open_post(page, post)
    page.fill("#id_title", "As typed")
    type_in_body(page, " New words.")
    expect(said(page)).to_have_text(KEPT)
    page.reload()
    expect(page.locator(".draft-notice")).to_contain_text("Your unsaved changes of")
    expect(page.locator("#id_title")).to_have_value("As typed")
    expect(body_of(page)).to_have_text("Old words. New words.")
    after = Post.objects.get()
    assert (after.title, after.saved_at) == (before.title, before.saved_at)
    page.get_by_role("button", name="Discard them").click()
    expect(page.locator("#id_title")).to_have_value("As published")


def test_a_new_post_is_gone_on_with_after_the_browser_was_closed(page, chromium, live_server):
    make_author(name="Ann Author")
    user = make_editor("Ann Writer")
    tag = make_tag(name="Cohorts")
    log_in(page, user)
    page.goto("/admin/posts/post/add/")
    page.fill("#id_title", "Never saved")
    type_in_body(page, "My first words.")
    choose(page, "Tags", "Cohorts")
    expect(said(page)).to_have_text(KEPT)
    assert WorkingCopy.objects.get().data["tags"] == [str(tag.pk)]
    page.goto("/admin/posts/post/add/")
    expect(page.locator(".draft-notice")).to_contain_text("new post, “Never saved”, at")
    page.get_by_role("link", name="Go on").click()
    expect(body_of(page)).to_have_text("My first words.")
    choose(page, "Author", "Ann Author")
    page.fill("#id_slug", "never-saved")
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert list(Post.objects.get().tags.all()) == [tag]
    assert not WorkingCopy.objects.exists()


def test_a_lost_connection_loses_nothing(page, door):
    post = make_post(body="<p>Old words.</p>")
    log_in(page, make_editor("Ann Writer"))
    open_post(page, post)
    page.context.set_offline(True)
    type_in_body(page, " Written in a tunnel.")
    expect(said(page)).to_contain_text("No connection: kept in this browser")
    door.shut()  # What a page sends while it closes may get through Chromium's own switch.
    page.goto("about:blank")
    assert not WorkingCopy.objects.typed().exists()
    door.is_open = True
    page.context.set_offline(False)
    open_post(page, post)
    expect(page.locator(".draft-notice")).to_contain_text("Your unsaved changes of")
    expect(body_of(page)).to_have_text("Old words. Written in a tunnel.")
    assert kept_in_browser(page) == []


def test_saving_goes_on_when_the_connection_is_back(page):
    post = make_post(body="<p>Old words.</p>")
    log_in(page, make_editor("Ann Writer"))
    open_post(page, post)
    page.context.set_offline(True)
    type_in_body(page, " Written in a tunnel.")
    expect(said(page)).to_contain_text("No connection")
    page.context.set_offline(False)
    expect(said(page)).to_have_text(KEPT)
    assert "tunnel" in WorkingCopy.objects.get().data["body"][0]


def test_an_expired_log_in_keeps_the_text_and_goes_on_after_logging_in(page):
    post = make_post(body="<p>Old words.</p>")
    user = make_editor("Ann Writer")
    log_in(page, user)
    open_post(page, post)
    page.context.clear_cookies(name="sessionid")
    type_in_body(page, " Written late.")
    expect(said(page)).to_contain_text("Your log-in has expired")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="log in in another tab").click()
    other = opened.value
    other.fill("#id_username", user.username)
    other.fill("#id_password", PASSWORD)
    other.click("[type=submit]")
    expect(other.get_by_role("heading", name="Editorial desk")).to_be_visible()
    expect(said(page)).to_have_text(KEPT)
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert "Written late." in Post.objects.get().body


def test_pressing_save_with_an_expired_log_in_loses_nothing(page):
    post = make_post(body="<p>Old words.</p>")
    user = make_editor("Ann Writer")
    log_in(page, user)
    open_post(page, post)
    page.context.clear_cookies(name="sessionid")
    type_in_body(page, " Saved too late.")
    page.click("[name=_save]")
    page.fill("#id_username", user.username)
    page.fill("#id_password", PASSWORD)
    page.click("[type=submit]")
    expect(page.locator(".draft-notice")).to_contain_text("Your unsaved changes of")
    expect(body_of(page)).to_have_text("Old words. Saved too late.")
    page.click("[name=_save]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert "Saved too late." in Post.objects.get().body
    assert kept_in_browser(page) == []


def test_two_editors_at_once_and_both_texts_survive(page, chromium, live_server):
    post = make_post(title="Old title", body="<p>The cohort was small.</p>", excerpt="Old excerpt.")
    ann, ben = make_editor("Ann Writer"), make_editor("Ben Okafor")
    log_in(page, ann)
    with page.expect_response(re.compile("/autosave/")):
        open_post(page, post)
    theirs = chromium.new_context(base_url=live_server.url).new_page()
    log_in(theirs, ben)
    open_post(theirs, post)
    expect(theirs.locator("[data-news]")).to_contain_text("Ann Writer has this post open.")
    theirs.fill("#id_excerpt", "Ben's excerpt.")
    type_in_body(theirs, " It was also biased.")
    theirs.click("[name=_save]")
    expect(theirs.locator(".messagelist .success")).to_be_visible()

    type_in_body(page, " It was local.")
    news = page.locator("[data-news]")
    expect(news).to_contain_text(
        re.compile(r"Ben Okafor saved this post at \d\d:\d\d (GMT|BST), after")
    )
    page.click("[name=_save]")
    conflict = page.locator(".conflict")
    expect(conflict).to_contain_text("Ben Okafor saved this post at")
    expect(conflict.locator("ins").filter(has_text="local")).to_be_visible()
    expect(conflict.locator("del").filter(has_text="biased")).to_be_visible()
    expect(page.locator("[name=_side-excerpt][value=theirs]")).to_be_checked()
    expect(page.locator("[name=_side-body][value=mine]")).to_be_checked()
    page.get_by_role("button", name="Save what is chosen above").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    saved = Post.objects.get()
    assert saved.excerpt == "Ben's excerpt."
    assert "It was local." in saved.body
    theirs.context.close()


def test_the_preview_beside_the_form_shows_what_is_not_saved(page, tmp_path):
    user = make_editor("Ann Writer")
    log_in(page, user)
    upload(page, a_picture(tmp_path))
    make_tag(name="Cohorts")
    post = make_post(title="Old title", body="<p>Old words.</p>", author=make_author(user=user))
    before = Post.objects.get()
    page.set_viewport_size({"width": 1500, "height": 900})
    open_post(page, post)
    page.get_by_role("button", name="Preview beside").click()
    preview = page.frame_locator(".preview-pane iframe:not(.preview-pane__frame--waiting)")
    expect(preview.get_by_role("heading", name="Old title")).to_be_visible()
    page.fill("#id_title", "New title")
    type_in_body(page, " New words.")
    choose(page, "Tags", "Cohorts")
    page.fill("#id_lead_image", str(Image.objects.get().pk))
    page.fill("#id_lead_image_alt", "A red rectangle")
    expect(preview.get_by_role("heading", name="New title")).to_be_visible()
    expect(preview.locator(".prose")).to_have_text("Old words. New words.")
    expect(preview.locator(".tag-row")).to_contain_text("Cohorts")
    expect(preview.get_by_alt_text("A red rectangle")).to_be_visible()
    expect(preview.locator(".preview-mark")).to_contain_text("Preview: not public.")
    expect(said(page)).to_have_text(KEPT)
    after = Post.objects.get()
    assert (after.title, after.saved_at, after.tags.count()) == ("Old title", before.saved_at, 0)


def test_a_reviewer_reads_a_draft_by_a_link_until_it_is_revoked(page, chromium, live_server):
    post = make_post(title="For review", status="draft", published_at=None)
    log_in(page, make_editor("Ann Writer"))
    open_post(page, post)
    links = page.locator("#preview-links")
    links.locator("summary").click()
    links.get_by_role("button", name="Make a link").click()
    address = links.get_by_label("Preview link 1").input_value()
    reviewer = chromium.new_context(base_url=live_server.url).new_page()
    reviewer.goto(address)
    expect(reviewer.get_by_role("heading", name="For review")).to_be_visible()
    expect(reviewer.locator(".preview-mark")).to_contain_text("Preview for review, not published")
    links.get_by_role("button", name="Revoke").click()
    expect(links.get_by_role("button", name="Revoke")).to_have_count(0)
    answer = reviewer.goto(address)
    assert answer is not None
    assert answer.status == 404
    reviewer.context.close()
