"""The next e-mail as an editor arranges it, and an issue as it is being sent."""

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from subscriptions import digest
from subscriptions.models import Delivery, Issue, Plan
from tests.browser.test_editor_to_reader import log_in
from tests.factories import make_post, make_tag
from tests.subscriptions.factories import make_subscriber, make_subscribers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_an_editor_arranges_the_next_mail_and_sees_it_as_it_will_go_out(page: Page):
    tag = make_tag(name="Prisons")
    make_subscriber(topics=(tag,))
    for title in ("Third", "Second", "First"):
        make_post(title=title, tags=(tag,) if title == "Second" else ())
    log_in(page)
    page.goto("/admin/subscriptions/issue/next/")
    rows = page.locator(".next__posts .relatives__post a")
    expect(rows).to_have_text(["First", "Second", "Third"])
    page.fill("#id_introduction", "A word before.")
    page.get_by_role("button", name="Move up: Third").click()
    expect(rows).to_have_text(["First", "Third", "Second"])
    expect(page.locator("#id_introduction")).to_have_value("A word before.")
    page.get_by_label("Leave out until the next noon").first.check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(rows).to_have_text(["Third", "Second", "First"])
    mail = page.frame_locator(".next__frame")
    expect(mail.locator(".post__title")).to_have_text(["Third", "Second"])
    expect(mail.locator(".introduction")).to_have_text("A word before.")
    page.select_option("[name=topic]", label="Prisons (1)")
    page.select_option("[name=scheme]", "dark")
    page.get_by_role("button", name="Show").click()
    expect(mail.locator(".post__title")).to_have_text(["Second"])
    expect(mail.locator("body")).to_have_css("background-color", "rgb(24, 23, 20)")
    assert Plan.objects.get().introduction == "A word before."


def test_the_page_of_an_issue_follows_it_while_it_is_sent_and_says_when_it_is_done(page: Page):
    make_subscribers(4, frequency="instant")
    issue = digest.open_instant(make_post(), timezone.now())
    assert issue is not None
    log_in(page)
    page.goto(f"/admin/subscriptions/issue/{issue.pk}/change/")
    sentence = page.locator("#issue-progress [data-sentence]")
    expect(sentence).to_have_text("4 people = 4 open")
    first = list(issue.deliveries.values_list("pk", flat=True)[:1])
    Delivery.objects.filter(pk__in=first).update(state="sent", next_at=None, at=timezone.now())
    expect(sentence).to_have_text("4 people = 1 sent + 3 open")
    expect(page.locator("[data-part=sent]")).to_have_attribute("width", "25")
    expect(page.locator("[data-legend=sent] b")).to_be_visible()
    issue.deliveries.update(state="sent", next_at=None)
    Issue.objects.update(state=Issue.State.DONE)
    expect(page.get_by_role("link", name="Pause…")).to_have_count(0)
    expect(page.locator("#issue-progress [data-state]")).to_have_text("Done")
