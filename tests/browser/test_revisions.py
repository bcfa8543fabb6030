"""A post edited twice, compared, restored; and a change that waits for its time."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from posts.models import ScheduledChange
from tests.browser.test_editor_to_reader import log_in
from tests.factories import make_post, make_tag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def edit(page: Page, title: str) -> None:
    page.fill("#id_title", title)
    page.click("[name=_continue]")
    expect(page.locator(".messagelist .success")).to_be_visible()


def test_two_edits_are_compared_in_words_and_the_first_comes_back(page):
    post = make_post(
        title="Paid by results", slug="paid", body="<p>The first words.</p>", tags=(make_tag(),)
    )
    log_in(page)
    page.goto(f"/admin/posts/post/{post.pk}/change/")
    edit(page, "Paid for results")
    edit(page, "Paid for outcomes")
    page.get_by_role("link", name="History").click()
    page.get_by_role("button", name="Compare the two chosen").click()
    expect(page.locator(".comparison del")).to_have_text("results")
    expect(page.locator(".comparison ins")).to_have_text("outcomes")

    page.go_back()
    page.get_by_role("link", name="Restore…").last.click()
    expect(page.locator(".comparison ins")).to_have_text("by results")
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".messagelist")).to_contain_text("has its content of")
    page.goto("/paid/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Paid by results")


def test_a_change_for_later_waits_in_sight_and_comes_by_the_clock(page):
    post = make_post(title="Old title", slug="a-post", tags=(make_tag(),))
    log_in(page)
    page.goto(f"/admin/posts/post/{post.pk}/change/")
    page.fill("#id_title", "New title")
    due = timezone.localtime(timezone.now() + timedelta(days=1))
    page.locator(".change-for-later summary").click()
    page.fill("#id_later-due_at_0", f"{due:%d/%m/%Y}")
    page.fill("#id_later-due_at_1", "09:00")
    page.get_by_role("button", name="Save as a change for later").click()
    expect(page.locator(".change-banner")).to_contain_text("This post will change on")
    page.get_by_role("link", name="Compare, apply now or cancel").click()
    expect(page.locator(".comparison ins")).to_have_text("New")
    page.goto("/a-post/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Old title")

    ScheduledChange.objects.apply_due(timezone.now() + timedelta(days=2))
    page.goto("/a-post/")
    expect(page.get_by_role("heading", level=1)).to_have_text("New title")
