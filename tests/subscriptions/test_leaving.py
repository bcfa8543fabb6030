"""Undo after a goodbye: for the browser that just said it, for half an hour, for nobody else."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions import digest, tokens
from subscriptions.models import DeliveryItem, Subscriber, Suppression
from subscriptions.tokens import InvalidToken
from tests.factories import make_tag
from tests.subscriptions.factories import (
    DAY,
    NOON,
    SECOND,
    make_due_post,
    make_subscriber,
    open_issue,
)

pytestmark = pytest.mark.django_db
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def press(client: Client, reader: Subscriber, **values: str) -> str:
    """Post to the page of the unsubscribe link; return the page."""
    answer = client.post(f"/u/{tokens.leave(reader.pk, 1)}/", values)
    assert answer.status_code == 200
    reader.refresh_from_db()
    return answer.content.decode()


def way_back(page: str) -> str:
    found = re.search(r'name="back" value="([\w-]+)"', page)
    return found[1] if found else ""


def test_undo_brings_back_the_earlier_choice(client: Client):
    tag = make_tag()
    reader = make_subscriber(topics=(tag,), frequency="weekly")
    back = way_back(press(client, reader, choice="leave"))
    assert reader.state == "unsubscribed"
    assert "You are subscribed again" in press(client, reader, choice="undo", back=back)
    assert (reader.state, reader.frequency, list(reader.topics.all())) == (
        "active",
        "weekly",
        [tag],
    )
    assert reader.active_since == NOON - 30 * DAY
    assert [event.to_state for event in reader.events.all()] == ["unsubscribed", "active"]


def test_undo_brings_back_a_pause(client: Client):
    reader = make_subscriber(state="paused", paused_until=NOON + 5 * DAY)
    back = way_back(press(client, reader, choice="leave"))
    assert "paused until 9 March 2026" in press(client, reader, choice="undo", back=back)
    assert (reader.state, reader.paused_until) == ("paused", NOON + 5 * DAY)


def test_mail_called_back_by_leaving_comes_with_the_next(client: Client):
    called_back = open_issue().posts.get()
    reader = Subscriber.objects.get()
    back = way_back(press(client, reader, choice="leave"))
    press(client, reader, choice="undo", back=back)
    new = make_due_post(noon=NOON + DAY)
    digest.open_issue(NOON + DAY + SECOND)
    had = DeliveryItem.objects.filter(subscriber=reader).values_list("post_id", flat=True)
    assert set(had) == {called_back.pk, new.pk}


def test_undo_ends_after_half_an_hour(client: Client, at_noon: Any):
    reader = make_subscriber()
    back = way_back(press(client, reader, choice="leave"))
    at_noon.shift(HALF_AN_HOUR + SECOND)
    assert "too late" in press(client, reader, choice="undo", back=back)
    assert reader.state == "unsubscribed"


@pytest.mark.parametrize("back", ["", "x", "é", "\x00", "x" * 100_000], ids=repr)
def test_link_of_a_mail_alone_undoes_nothing(client: Client, back: str):
    reader = make_subscriber()
    press(client, reader, choice="leave")
    link = tokens.leave(reader.pk, 1)
    for token in (back, link):
        assert "too late" in press(client, reader, choice="undo", back=token)
    assert reader.state == "unsubscribed"


def test_who_had_left_before_is_not_brought_back_by_a_forwarded_link(client: Client):
    reader = make_subscriber()
    reader.leave(at=NOON - DAY, method="test")
    assert way_back(press(client, reader, choice="leave")) == ""


def test_way_back_is_of_one_person_and_one_goodbye(client: Client):
    reader, other = make_subscriber(), make_subscriber()
    back = way_back(press(client, reader, choice="leave"))
    press(client, other, choice="leave")
    press(client, other, choice="undo", back=back)
    assert other.state == "unsubscribed"
    press(client, reader, choice="undo", back=back)
    press(client, reader, choice="leave")
    press(client, reader, choice="undo", back=back)
    assert reader.state == "unsubscribed"


@pytest.mark.parametrize("reason", list(Suppression.Reason))
def test_undo_brings_back_nobody_who_complained_or_was_erased(client: Client, reason: str):
    reader = make_subscriber()
    back = way_back(press(client, reader, choice="leave"))
    if reason == Suppression.Reason.ERASED:
        reader.erase(at=NOON, method="test")
    else:
        reader.suppress(Suppression.Reason(reason), at=NOON, method="test")
    assert "too late" in press(client, reader, choice="undo", back=back)
    assert not reader.is_confirmed()


def test_one_click_of_a_mail_program_offers_no_way_back(client: Client):
    page = press(client, make_subscriber(), **{"List-Unsubscribe": "One-Click"})
    assert way_back(page) == ""


def test_preference_page_offers_the_same_undo(client: Client):
    reader = make_subscriber()
    manage = f"/subscription/{tokens.manage(reader.pk, 0, now=NOON)}/"
    page = client.post(manage, {"choice": "leave"}).content.decode()
    action = re.search(r'action="(/u/[\w-]+/)"', page)
    assert action
    client.post(action[1], {"choice": "undo", "back": way_back(page)})
    reader.refresh_from_db()
    assert reader.is_active()


@pytest.mark.parametrize("choice", ["leave", "weekly", "pause"])
def test_pending_person_leaves_without_a_way_back(client: Client, choice: str):
    reader = make_subscriber(state="pending")
    assert way_back(press(client, reader, choice=choice)) == ""
    assert reader.state == "unsubscribed"


def test_link_of_an_old_mail_works_under_a_new_key(client: Client, settings: Any):
    reader = make_subscriber()
    url = f"/u/{tokens.leave(reader.pk, 1)}/"
    settings.MAIL_KEYS = {7: "a new key of thirty-two characters or more"}
    assert client.get(url).status_code == 200
    assert client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200
    reader.refresh_from_db()
    assert reader.state == "unsubscribed"


def test_way_back_opens_nothing_else():
    token = tokens.way_back(7, paused_until=None, now=NOON)
    with pytest.raises(InvalidToken):
        tokens.read_leave(token)
    with pytest.raises(InvalidToken):
        tokens.read_manage(token, now=NOON)
    with pytest.raises(InvalidToken):
        tokens.read_way_back(tokens.leave(7), now=NOON)


def test_every_signed_token_fits_an_unfolded_header():
    made = [
        tokens.leave(2**62, 2**62), tokens.manage(2**62, 2**20, now=NOON),
        tokens.new_confirmation(),
        tokens.way_back(2**62, paused_until=NOON, now=NOON), tokens.bounce(2**62, 2**62),
    ]  # fmt: skip
    assert max(map(len, made)) <= 64
