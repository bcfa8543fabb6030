"""Publishing as an editor does it: the gate, the schedule and its clock, the noon line."""

import re
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Page, expect

from posts.models import Post
from tests.browser.test_editor_to_reader import choose, log_in
from tests.factories import make_author, make_post, make_tag

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def make_draft(**values) -> Post:
    """Return a draft that the gate lets through."""
    return make_post(**{"status": "draft", "published_at": None, "tags": (make_tag(),)} | values)


def open_form(page: Page, post: Post) -> None:
    page.goto(f"/admin/posts/post/{post.pk}/change/")


def type_time(page: Page, name: str, moment: datetime) -> None:
    local = timezone.localtime(moment)
    page.fill(f"#id_{name}_0", f"{local:%d/%m/%Y}")
    page.fill(f"#id_{name}_1", f"{local:%H:%M:%S}")


def test_the_gate_stops_a_post_keeps_its_text_and_lets_it_through_when_mended(page):
    make_tag(name="Cohorts")
    make_author(name="Ann Writer")
    log_in(page)
    page.goto("/admin/posts/post/add/")
    page.fill("#id_title", "Nearly ready")
    page.locator(".ProseMirror[contenteditable=true]").click()
    page.keyboard.type("Words I do not want to lose. [gallery]")
    choose(page, "Author", "Ann Writer")
    page.click("[name=_publish]")
    expect(page.locator(".messagelist .error")).to_contain_text("saved, but not published")
    expect(page.locator(".messagelist .error li")).to_have_count(3)
    expect(page.locator(".ProseMirror[contenteditable=true]")).to_contain_text(
        "Words I do not want to lose."
    )

    page.get_by_text("Ready to publish?").click()
    expect(page.locator(".checklist")).to_contain_text("left-over shortcode, “[gallery]”")
    page.locator(".ProseMirror[contenteditable=true]").click()
    page.keyboard.press("End")
    for _ in "[gallery]":
        page.keyboard.press("Backspace")
    page.fill("#id_excerpt", "A passage of its own.")
    choose(page, "Tags", "Cohorts")
    page.click("[name=_publish]")
    expect(page.locator(".messagelist")).to_contain_text("is published.")
    page.goto("/nearly-ready/")
    expect(page.locator("article")).to_contain_text("Words I do not want to lose.")


def test_a_scheduled_post_appears_by_the_clock_alone(page):
    post = make_draft(title="Soon to come", slug="soon-to-come")
    log_in(page)
    open_form(page, post)
    publish = page.locator("[name=_publish]")
    expect(publish).to_have_value("Publish now")
    type_time(page, "published_at", timezone.now() + timedelta(days=1))
    expect(publish).to_have_value(re.compile(f"Schedule for {tomorrow()}, "))
    publish.click()
    expect(page.locator(".messagelist")).to_contain_text("is scheduled for")
    Post.objects.update(published_at=timezone.now() + timedelta(seconds=1.5))
    assert page.request.get("/soon-to-come/").status == 404
    page.wait_for_timeout(1_600)
    assert page.request.get("/soon-to-come/").status == 200
    page.goto("/")
    expect(page.get_by_role("link", name="Soon to come")).to_be_visible()


def tomorrow() -> str:
    """Return the date as the button says it."""
    day = timezone.localtime() + timedelta(days=1)
    return f"{day.day} {day:%B}"


def test_the_noon_line_follows_what_is_typed(page):
    log_in(page)
    open_form(page, make_draft())
    line = page.locator("#noon-line")
    expect(line).to_contain_text(f"{settings.DIGEST_TIME:%H:%M} e-mail")
    page.uncheck("#id_is_mailed")
    expect(line).to_have_text("Not mailed: “send in the noon e-mail” is off.")
    page.check("#id_is_mailed")
    far = timezone.localtime().replace(hour=9, minute=30, second=0) + timedelta(days=5)
    type_time(page, "not_before", far)
    expect(line).to_contain_text("Published when its embargo ends, it goes out in the 12:00 e-mail")
    expect(line).to_contain_text(f"{far:%A} {far.day} {far:%B}")


def test_the_noon_line_says_when_it_can_no_longer_be_sure(page):
    log_in(page)
    open_form(page, make_draft())
    page.route("**/noon-line/**", lambda route: route.fulfill(status=204))
    page.uncheck("#id_is_mailed")
    expect(page.locator("#noon-line")).to_contain_text("the site does not answer")


def test_times_are_the_sites_however_far_away_the_editor_sits(chromium, live_server, settings):
    settings.SITE_URL = live_server.url
    context = chromium.new_context(base_url=live_server.url, timezone_id="Pacific/Auckland")
    page = context.new_page()
    post = make_draft()
    log_in(page)
    open_form(page, post)
    fields = page.locator(".field-published_at")
    expect(fields).to_contain_text("Europe/London time")
    expect(fields.locator(".timezonewarning")).to_be_hidden()
    fields.get_by_role("link", name="Today").click()
    fields.get_by_role("link", name="Now").click()
    typed = f"{page.input_value('#id_published_at_0')} {page.input_value('#id_published_at_1')}"
    said = datetime.strptime(typed, "%d/%m/%Y %H:%M:%S").replace(tzinfo=post.created_at.tzinfo)
    local = timezone.localtime().replace(tzinfo=post.created_at.tzinfo)
    assert abs(local - said) < timedelta(minutes=1)
    context.close()


def test_the_keyboard_saves_and_never_publishes(page):
    post = make_draft()
    log_in(page)
    open_form(page, post)
    page.fill("#id_title", "Saved by hand")
    page.keyboard.press("Control+s")
    expect(page.locator(".messagelist .success")).to_be_visible()
    expect(page.locator("#id_title")).to_have_value("Saved by hand")
    page.fill("#id_title", "Saved by Enter")
    page.press("#id_title", "Enter")
    expect(page.locator(".messagelist .success")).to_contain_text("Saved by Enter")
    post.refresh_from_db()
    assert (post.title, post.status) == ("Saved by Enter", "draft")
