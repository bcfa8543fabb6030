"""Why an address did, or didn't, get an issue: each case has its words."""

from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from subscriptions import digest
from subscriptions.explanation import answer, explain
from subscriptions.models import (
    Delivery,
    Issue,
    Kind,
    MailEvent,
    MailRequest,
    Subscriber,
    Suppression,
)
from tests.factories import make_member, make_tag
from tests.subscriptions.factories import (
    DAY,
    HOUR,
    NOON,
    SECOND,
    make_due_post,
    make_subscriber,
    open_issue,
    sent_delivery,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
WHY = reverse("admin:subscriptions_issue_why")
JOINED = NOON - 30 * DAY


def reader_since(at: datetime = JOINED, **values: Any) -> Subscriber:
    reader = make_subscriber(**{"email": "reader@example.org"} | values)
    reader.events.create(from_state="pending", to_state="active", method="confirmation link", at=at)
    return reader


def reason(reader: Subscriber, noon: datetime = NOON, kind: str = Kind.DAILY) -> str:
    """Return what is said of the issue of that noon, which is opened now unless it is there."""
    digest.open_issue(noon + SECOND, kind=kind)
    lines = [line for line in explain(reader) if line.issue.local_date == noon.date()]
    return next(line.words for line in lines if line.issue.kind == kind)


def test_joined_later():
    make_due_post()
    digest.open_issue(NOON + SECOND)
    assert reason(reader_since(NOON + HOUR)) == "Joined later, on 4 March 2026, 13:00"


@pytest.mark.parametrize("state", ["unsubscribed", "bounced", "complained"])
def test_had_left_before(state: str):
    reader = reader_since(state=state)
    reader.events.create(from_state="active", to_state=state, method="one-click", at=NOON - HOUR)
    make_due_post()
    said = reason(reader)
    assert said == f"Was {state} at that noon, since 4 March 2026, 11:00 (one-click)"


def test_was_paused():
    reader = reader_since(state="paused", paused_until=NOON + DAY)
    reader.events.create(from_state="active", to_state="paused", method="link", at=NOON - DAY)
    make_due_post()
    assert reason(reader).startswith("Was paused at that noon")


def test_chose_another_frequency():
    make_due_post()
    said = reason(reader_since(frequency=Kind.WEEKLY))
    assert said == "Chose “once a week” and gets other e-mails than this"


def test_changed_the_frequency_since():
    reader = reader_since(frequency=Kind.WEEKLY)
    make_due_post()
    digest.open_issue(NOON + SECOND)
    reader.choose(frequency=Kind.DAILY, at=NOON + HOUR)
    assert reason(reader).startswith("Had another rhythm at that noon; changed it on 4 March")


def test_no_post_on_the_topics():
    make_due_post(tags=(make_tag(),))
    reader = reader_since(topics=(make_tag(name="Prisons"),))
    assert reason(reader) == "None of its posts is on the topics chosen: Prisons"


def test_had_its_posts_already():
    reader = reader_since(frequency=Kind.INSTANT)
    make_due_post()
    digest.ring(NOON - SECOND)
    Delivery.objects.update(state="sent", next_at=None)
    Subscriber.objects.update(frequency=Kind.DAILY)
    reader.refresh_from_db()
    assert reason(reader) == "Had its posts already, with: Instant, 4 March 2026"


def test_nobody_got_it():
    reader = reader_since()
    assert reason(reader) == "Nobody got it. Nothing new"
    make_due_post(noon=NOON + DAY)
    digest.open_issue(NOON + DAY + 9 * HOUR)
    assert "too late in the day" in reason(reader, NOON + DAY)


def test_unknown_and_what_repaired_it():
    reader = reader_since()
    make_due_post()
    digest.open_issue(NOON + SECOND)
    Delivery.objects.update(state="unknown", next_at=None, at=NOON + SECOND)
    make_due_post(noon=NOON + DAY)
    digest.open_issue(NOON + DAY + SECOND)
    said = reason(reader)
    assert said.startswith("Unknown: the connection broke at the last moment")
    assert said.endswith("Its posts came again with: Daily, 5 March 2026")


def test_sent_again_by_hand():
    reader = reader_since()
    make_due_post()
    digest.open_issue(NOON + SECOND)
    Delivery.objects.update(state="unknown", next_at=None, at=NOON + SECOND)
    Issue.objects.get().resend_uncertain(at=NOON + HOUR)
    assert reason(reader).endswith("Opened again by hand on 4 March 2026, 13:00")


def test_the_number_of_queries_does_not_grow(django_assert_num_queries: Any):
    reader = reader_since(topics=(tag := make_tag(),))
    for days in range(6):
        make_due_post(noon=NOON + days * DAY, tags=(tag,))
        digest.open_issue(NOON + days * DAY + SECOND)
        if days in {1, 5}:
            with django_assert_num_queries(8):
                explain(reader)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("nobody@example.org", "This address is not in the list."),
        ("Nobody@Example.ORG", "This address is not in the list."),
        ("erased@example.org", "asked to be erased"),
        ("cross@example.org", "complained about our mail"),
        ("waiting@example.org", "waits to be answered"),
        ("reader@example.com", "Is it one of these? reader@example.org"),
    ],
)
def test_an_address_we_do_not_know_has_its_words_too(typed: str, words: str):
    reader_since()
    Suppression.add("erased@example.org", "erased", at=NOON)
    Suppression.add("cross@example.org", "complaint", at=NOON)
    MailRequest.objects.create(purpose="subscribe", email="waiting@example.org", at=NOON)
    assert words in " ".join(answer(typed, NOON).standing)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Active since 2 February 2026, 12:00: gets mail."),
        ({"state": "paused", "paused_until": NOON + DAY}, "Paused until 5 March 2026, 12:00"),
        ({"state": "pending"}, "Has not confirmed: gets no mail. No confirmation has been mailed"),
        ({"state": "pending", "confirm_mailed_at": NOON - 9 * DAY}, "its link has expired"),
        ({"state": "bounced"}, "Bounced: gets no mail."),
    ],
)
def test_standing_of_somebody_in_the_list(values: dict[str, Any], words: str):
    make_subscriber(email="reader@example.org", **values)
    assert words in " ".join(answer("READER@example.org", NOON).standing)


def test_the_page_answers_in_one_screen_and_keeps_the_address_out_of_its_own(client: Client):
    reader_since()
    make_due_post()
    digest.open_issue(NOON + SECOND)
    client.force_login(make_member("Subscription manager"))
    with time_machine.travel(NOON + HOUR, tick=False):
        page = client.post(WHY, {"address": " reader@EXAMPLE.org "})
    html = page.content.decode()
    assert "Active since 2 February" in html
    assert "confirmation link" in html
    assert "Daily, 4 March 2026" in html
    assert client.get(WHY + "?address=reader@example.org").content.decode().count("reader@") == 0


@pytest.mark.parametrize("typed", ["", "nonsense", "a\x00b", "x" * 5000, "a@b"])
def test_what_is_no_address_is_said_to_be_none(client: Client, typed: str):
    client.force_login(make_member("Subscription manager"))
    answered = client.post(WHY, {"address": typed})
    assert answered.status_code == 422
    assert "errornote" in answered.content.decode()


def test_an_editor_cannot_look_people_up(client: Client):
    client.force_login(make_member("Editor"))
    assert client.get(WHY).status_code == 403
    assert client.post(WHY, {"address": "a@example.org"}).status_code == 403


def test_explanation_names_the_state_at_that_noon():
    reader = make_subscriber(state="pending")
    reader.events.create(to_state="pending", method="test", at=NOON - DAY)
    make_due_post()
    digest.open_issue(NOON + SECOND)
    reader.confirm(at=NOON + 2 * SECOND)
    digest.open_issue(NOON + DAY + SECOND)
    words = [line.words for line in explain(reader)]
    assert words == [
        "Nobody got it. Nothing new",
        "Was waiting for confirmation at that noon, since 3 March 2026, 12:00 (test)",
    ]


def test_explanation_tells_what_came_back_later():
    reader = make_subscriber()
    delivery = sent_delivery(reader)
    MailEvent.objects.create(source="mailbox", key="k", kind="hard", subscriber=reader,
                             delivery=delivery, status="5.1.1", happened_at=NOON,
                             received_at=NOON)  # fmt: skip
    [line] = explain(reader)
    assert line.words == (
        "Accepted by the relay, attempt 1. Then hard bounce, told by mailbox: 5.1.1"
    )


def test_explanation_says_when_no_topic_matched():
    reader = make_subscriber(topics=(make_tag(),))
    reader.events.create(to_state="active", method="test", at=NOON - DAY)
    open_issue()
    assert "None of its posts is on the topics chosen: Tag" in explain(reader)[0].words
