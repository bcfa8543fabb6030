"""Unsubscribing and erasing people in the admin's list: asked about first, kept in the log."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from subscriptions.models import Subscriber
from tests.factories import make_member
from tests.subscriptions.factories import make_subscriber

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LIST = reverse("admin:subscriptions_subscriber_changelist")


@pytest.fixture
def manager(client: Client) -> Client:
    client.force_login(make_member("Subscription manager"))
    return client


def choose(client: Client, action: str, *people: Subscriber, **more: str) -> str:
    chosen: dict[str, Any] = {"action": action, "_selected_action": [one.pk for one in people]}
    return client.post(LIST, chosen | more, follow=True).content.decode()


@pytest.mark.parametrize("action", ["unsubscribe", "erase"])
def test_asking_changes_nothing_and_says_whom_it_is_about(manager: Client, action: str):
    one, gone = make_subscriber(), make_subscriber(state="erased", email="")
    html = choose(manager, action, one, gone)
    assert one.email in html
    assert "<strong>1 person.</strong>" in html
    assert "1 more of those chosen has gone already" in html
    assert Subscriber.objects.active().get() == one
    assert LogEntry.objects.count() == 0


def test_who_says_yes_does_it_through_the_verbs_and_is_logged(manager: Client):
    first, second = make_subscriber(), make_subscriber()
    choose(manager, "unsubscribe", first, sure="yes")
    html = choose(manager, "erase", first, second, sure="yes")
    assert "Erased: 2." in html
    assert "Unsubscribed: 0. Had gone before: 1." in choose(
        manager, "unsubscribe", first, sure="yes"
    )
    assert set(Subscriber.objects.values_list("state", "email")) == {("erased", "")}
    assert first.events.first().actor == "staff"  # type: ignore[union-attr]
    assert sorted(entry.change_message for entry in LogEntry.objects.all()) == [
        "Erased.", "Erased.", "Unsubscribed.",
    ]  # fmt: skip


def test_all_who_are_found_are_chosen_across_pages(manager: Client):
    for _ in range(3):
        reader = make_subscriber()
    html = choose(manager, "unsubscribe", reader, select_across="1")
    assert "<strong>3 people.</strong>" in html
    assert '<input type="hidden" name="select_across" value="1">' in html
    choose(manager, "unsubscribe", reader, select_across="1", sure="yes")
    assert Subscriber.objects.active().count() == 0
