"""What staff do to an issue that is out: pause, resume, send again to the uncertain."""

from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from subscriptions import digest, ledger, sending
from subscriptions.models import Delivery, Issue, Subscriber
from tests.factories import make_member
from tests.subscriptions.factories import (
    DAY,
    HOUR,
    NOON,
    SECOND,
    make_due_post,
    make_subscriber,
    open_issue,
)
from tests.subscriptions.relay import Sink

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LATER = NOON + HOUR
State = Delivery.State


@pytest.fixture(autouse=True)
def an_hour_after_noon():
    with time_machine.travel(LATER, tick=False):
        yield


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(make_member("Subscription manager"))
    return client


def url(issue: Issue, deed: str) -> str:
    return reverse("admin:subscriptions_issue_deed", args=[issue.pk, deed])


def ended(*states: str) -> Issue:
    """Return an issue that is done, with one delivery in each of these states."""
    issue = open_issue(people=len(states))
    pks = issue.deliveries.order_by("pk").values_list("pk", flat=True)
    for pk, state in zip(pks, states, strict=True):
        Delivery.objects.filter(pk=pk).update(state=state, next_at=None, at=NOON + SECOND)
    ledger.settle(NOON + SECOND)
    return issue


def states_of(issue: Issue) -> list[str]:
    return sorted(issue.deliveries.values_list("state", flat=True))


def test_pause_and_resume_ask_first_and_are_logged(manager: Client):
    issue = open_issue(people=3)
    for deed, state, words in (
        ("pause", Issue.State.PAUSED, "3 of 3 people have not got it yet"),
        ("resume", Issue.State.SENDING, "paused by subscription manager"),
    ):
        before = Issue.objects.get().state
        assert words in manager.get(url(issue, deed)).content.decode()
        assert Issue.objects.get().state == before
        manager.post(url(issue, deed))
        assert Issue.objects.get().state == state
    assert LogEntry.objects.count() == 2


def test_a_paused_issue_that_is_resumed_a_day_late_still_goes_out(manager: Client, relay: Sink):
    issue = open_issue(people=2)
    issue.pause(reason="test")
    with time_machine.travel(NOON + DAY, tick=False):
        asked = manager.get(url(issue, "resume")).content.decode()
        manager.post(url(issue, "resume"))
    sending.send(clock=lambda: NOON + DAY + SECOND)
    assert "4 March at 12:00: it arrives late" in asked
    assert states_of(issue) == ["sent", "sent"]


def test_sending_again_says_how_many_may_get_it_twice(manager: Client):
    issue = ended("unknown", "unknown", "expired", "sent", "rejected")
    html = manager.get(url(issue, "resend")).content.decode()
    assert "2 people may get it twice" in html
    assert "1 person certainly did not get it" in html
    assert states_of(issue) == ["expired", "rejected", "sent", "unknown", "unknown"]


def test_sending_again_says_nothing_of_whom_there_are_none(manager: Client):
    html = manager.get(url(ended("unknown", "sent"), "resend")).content.decode()
    assert "1 person may get it twice" in html
    assert "certainly did not get it" not in html


def test_instant_issues_of_one_day_are_told_apart_by_their_subjects(manager: Client):
    make_subscriber(frequency="instant")
    for title in ("One report", "Another report"):
        digest.open_instant(make_due_post(title=title), NOON)
    for page in (reverse("admin:subscriptions_issue_changelist"), reverse("admin:index")):
        html = manager.get(page).content.decode()
        assert 'issue__subject">One report<' in html
        assert 'issue__subject">Another report<' in html


def test_page_of_a_paused_issue_says_who_paused_it_in_a_sentence(manager: Client):
    issue = open_issue()
    issue.pause(reason="paused by ed")
    html = manager.get(reverse("admin:subscriptions_issue_change", args=[issue.pk])).content
    assert b"<span>Paused by ed.</span>" in html


def test_sending_again_reaches_the_uncertain_and_nobody_else(manager: Client, relay: Sink):
    issue = ended("unknown", "expired", "sent", "rejected", "suppressed", "cancelled")
    wanted = issue.deliveries.filter(state__in=["unknown", "expired"])
    emails = sorted(wanted.values_list("subscriber__email", flat=True))
    manager.post(url(issue, "resend"))
    assert Issue.objects.get().state == Issue.State.SENDING
    sending.send(clock=lambda: LATER + SECOND)
    assert sorted(relay.recipients) == emails
    assert states_of(issue) == ["cancelled", "rejected", "sent", "sent", "sent", "suppressed"]
    accounted: Any = Issue.objects.with_accounting().get()
    assert (accounted.audience, accounted.still_open, accounted.state) == (6, 0, "done")
    assert "Sent again to the uncertain: 2 people" in LogEntry.objects.get().change_message


def test_each_is_sent_again_once_unless_confirmed_anew(manager: Client):
    issue = ended("unknown")
    manager.post(url(issue, "resend"))
    issue.deliveries.update(state=State.UNKNOWN, next_at=None)
    ledger.settle(LATER)
    assert "Also the 1 to whom" in manager.get(url(issue, "resend")).content.decode()
    manager.post(url(issue, "resend"))
    assert states_of(issue) == ["unknown"]
    manager.post(url(issue, "resend"), {"also_resent": "on"})
    assert states_of(issue) == ["pending"]


def test_who_had_it_in_case_they_missed_it_is_not_sent_it_again(manager: Client):
    issue = ended("unknown")
    digest.open_issue(NOON + DAY + SECOND)
    with time_machine.travel(NOON + DAY + HOUR, tick=False):
        html = manager.get(url(issue, "resend")).content.decode()
        manager.post(url(issue, "resend"))
    assert "copy of it is uncertain, or a later e-mail has brought" in html
    assert states_of(issue) == ["unknown"]


def test_what_was_sent_again_is_not_repeated_by_the_next_issue(manager: Client, relay: Sink):
    issue = ended("unknown")
    manager.post(url(issue, "resend"))
    sending.send(clock=lambda: LATER + SECOND)
    digest.open_issue(NOON + DAY + SECOND)
    assert Delivery.objects.count() == 1
    assert states_of(issue) == ["sent"]


def test_sending_again_days_later_is_not_given_up_at_once(manager: Client, relay: Sink):
    issue = ended("expired")
    with time_machine.travel(NOON + 3 * DAY, tick=False):
        manager.post(url(issue, "resend"))
    sending.send(clock=lambda: NOON + 3 * DAY + SECOND)
    assert states_of(issue) == ["sent"]


def test_who_has_left_is_not_sent_it_again(manager: Client):
    issue = ended("unknown")
    Subscriber.objects.get().leave(at=LATER, method="test")
    manager.post(url(issue, "resend"))
    assert states_of(issue) == ["unknown"]


def test_a_paused_issue_stays_paused_when_it_is_sent_again(manager: Client):
    issue = open_issue(people=2)
    issue.deliveries.filter(pk=issue.deliveries.all()[0].pk).update(state="unknown", next_at=None)
    issue.pause(reason="test")
    manager.post(url(issue, "resend"))
    assert states_of(issue) == ["pending", "pending"]
    assert Issue.objects.get().state == Issue.State.PAUSED


@pytest.mark.parametrize("deed", ["pause", "resume", "resend"])
def test_each_deed_needs_its_permission(client: Client, deed: str):
    clerk = User.objects.create_user("clerk", is_staff=True)
    wanted = "plan_issue" if deed == "resend" else "resend_issue"
    clerk.user_permissions.set(
        Permission.objects.filter(codename__in=["view_issue", "view_subscriber", wanted])
    )
    client.force_login(clerk)
    issue = ended("unknown")
    before = list(Issue.objects.values())
    assert client.get(url(issue, deed)).status_code == 403
    assert client.post(url(issue, deed)).status_code == 403
    assert list(Issue.objects.values()) == before


def test_an_editor_has_the_buttons_of_an_editor_and_no_way_to_the_addresses(client: Client):
    client.force_login(make_member("Editor"))
    issue = open_issue()
    page = reverse("admin:subscriptions_issue_change", args=[issue.pk])
    html = client.get(page).content.decode()
    assert url(issue, "pause") in html
    assert url(issue, "resend") not in html
    assert "Every recipient" not in html


@pytest.mark.parametrize(("deed", "state"), [("pause", "done"), ("resume", "sending")])
def test_a_deed_that_came_too_late_says_so_and_does_nothing(manager: Client, deed: str, state: str):
    issue = open_issue()
    Issue.objects.update(state=state)
    answer = manager.post(url(issue, deed), follow=True)
    assert "Nothing was done" in answer.content.decode()
    assert Issue.objects.get().state == state


@pytest.mark.parametrize("path", ["999999/pause/do/", "1/nonsense/do/"])
def test_no_other_deed_is_there(manager: Client, path: str):
    make_due_post()
    assert manager.post(f"/admin/subscriptions/issue/{path}").status_code == 404
