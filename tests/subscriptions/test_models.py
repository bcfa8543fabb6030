from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from subscriptions import digest
from subscriptions.models import (
    ConsentEvent,
    Delivery,
    DeliveryItem,
    Issue,
    Kind,
    MailRequest,
    Subscriber,
    Suppression,
)
from tests.factories import make_post, make_tag
from tests.subscriptions.factories import (
    DAY,
    HOUR,
    NOON,
    SECOND,
    make_due_post,
    make_subscriber,
    open_issue,
)

pytestmark = pytest.mark.django_db
State = Subscriber.State


@pytest.mark.parametrize(
    "values",
    [
        {"email": "READER@example.org"},
        {"state": "nonsense"},
        {"frequency": "hourly"},
        {"state": "erased"},
        {"email": ""},
        {"state": "paused"},
        {"paused_until": NOON},
    ],
    ids=str,
)
def test_database_refuses_a_wrong_subscriber(values: dict[str, Any]):
    make_subscriber(email="reader@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        make_subscriber(**values)


def test_database_refuses_a_second_issue_delivery_or_item():
    issue = open_issue()
    delivery, item = Delivery.objects.get(), DeliveryItem.objects.get()
    for row in (issue, delivery, item):
        row.pk = None
        row._state.adding = True
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)


def test_database_takes_the_repeat_of_an_item():
    open_issue()
    item = DeliveryItem.objects.get()
    item.pk, item.repeat = None, True
    item.save(force_insert=True)
    assert DeliveryItem.objects.count() == 2


def test_database_refuses_a_claim_without_a_worker():
    open_issue()
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.update(state=Delivery.State.SENDING)


def test_confirming_twice_is_one_event():
    reader = make_subscriber(state=State.PENDING)
    assert reader.confirm(at=NOON)
    assert not reader.confirm(at=NOON)
    assert reader.active_since == NOON
    assert list(reader.events.values_list("from_state", "to_state")) == [("pending", "active")]


def test_leaving_twice_is_one_event_and_voids_the_confirmation():
    reader = make_subscriber()
    reader.new_confirmation(at=NOON)
    assert reader.leave(at=NOON, method="test")
    assert not reader.leave(at=NOON, method="test")
    assert reader.confirm_digest == ""
    assert reader.events.count() == 1


def test_stale_copy_of_a_row_changes_nothing():
    reader = make_subscriber()
    stale = Subscriber.objects.get(pk=reader.pk)
    reader.leave(at=NOON, method="test")
    assert not stale.pause(until=NOON + DAY, at=NOON, method="test")
    assert Subscriber.objects.get().state == State.UNSUBSCRIBED


def test_choice_is_measured_against_the_row_as_it_is_now():
    open_issue()
    reader = Subscriber.objects.get()
    stale = Subscriber.objects.get()
    reader.choose(frequency=Kind.WEEKLY, at=NOON)
    stale.choose(frequency=Kind.DAILY, at=NOON + HOUR)
    reader.refresh_from_db()
    assert (reader.frequency, reader.frequency_changed_at) == (Kind.DAILY, NOON + HOUR)


@pytest.mark.parametrize("state", ["unsubscribed", "bounced", "complained"])
def test_who_is_gone_chooses_nothing(state: str):
    reader = make_subscriber(state=state)
    assert not reader.choose(frequency=Kind.WEEKLY, topics=[make_tag()], at=NOON)
    reader.refresh_from_db()
    assert (reader.frequency, reader.topics.count()) == (Kind.DAILY, 0)


@pytest.mark.parametrize("verb", ["leave", "pause", "choose", "erase", "suppress"])
def test_open_deliveries_are_called_back_in_the_same_step(verb: str):
    open_issue()
    reader = Subscriber.objects.get()
    arguments: Any = {
        "leave": {"method": "test"},
        "pause": {"until": NOON + DAY, "method": "test"},
        "choose": {"frequency": Kind.WEEKLY},
        "erase": {"method": "test"},
        "suppress": {"reason": Suppression.Reason.BOUNCE, "method": "test"},
    }[verb]
    getattr(reader, verb)(at=NOON + HOUR, **arguments)
    expected = "suppressed" if verb == "suppress" else "cancelled"
    assert Delivery.objects.get().state == expected
    assert not DeliveryItem.objects.exists()


def test_message_in_flight_is_not_called_back():
    open_issue()
    Delivery.objects.update(state=Delivery.State.SENDING, worker=1, next_at=None)
    Subscriber.objects.get().leave(at=NOON, method="test")
    assert Delivery.objects.get().state == Delivery.State.SENDING


def test_posts_of_a_delivery_called_back_come_with_the_new_rhythm():
    open_issue(title="Pending when it changed")
    reader = Subscriber.objects.get()
    reader.choose(frequency=Kind.WEEKLY, at=NOON + HOUR)
    digest.ring(NOON + 2 * DAY + SECOND)
    assert (
        reader.deliveries.get(issue__kind=Kind.WEEKLY).edition.subject == "Pending when it changed"
    )


def test_pause_is_a_year_at_most():
    reader = make_subscriber()
    reader.pause(until=NOON + 9000 * DAY, at=NOON, method="test")
    assert reader.paused_until == NOON + 366 * DAY


def test_erasing_leaves_the_address_nowhere_and_an_import_keeps_it_out():
    reader = make_subscriber(email="gone@example.org")
    open_issue(people=0)
    Delivery.objects.update(smtp_reply="250 <gone@example.org> ok")
    MailRequest.objects.create(purpose="manage", email="Gone@example.org", at=NOON)
    reader.erase(at=NOON, method="test")
    tables = (Subscriber, ConsentEvent, Delivery, MailRequest, Suppression, Issue)
    for table in tables:
        assert "gone@example" not in str(list(table.objects.values())).lower()
    assert Suppression.reason_for("GONE@example.org") == "erased"


def test_suppression_survives_a_new_key(settings: Any):
    Suppression.add("gone@example.org", "bounce", at=NOON)
    settings.MAIL_KEYS = {4: "another key of thirty-two characters or more"}
    assert Suppression.reason_for("gone@example.org") == "bounce"


def test_mailed_post_cannot_be_deleted_from_under_the_ledger():
    mailed = open_issue().posts.get()
    at_once = make_due_post(before=-HOUR)
    digest.open_instant(at_once, NOON + 2 * HOUR)
    make_post().delete()
    for post in (mailed, at_once):
        with pytest.raises(ProtectedError):
            post.delete()
    assert (Issue.objects.count(), DeliveryItem.objects.count()) == (2, 1)


def test_waking_is_idempotent_and_minds_the_time():
    make_subscriber(state=State.PAUSED, paused_until=NOON)
    wake = [Subscriber.objects.wake(at=NOON + timedelta(seconds=second)) for second in (-1, 0, 1)]
    assert wake == [0, 1, 0]


def test_desk_lists_issues_without_instant_ones_nobody_asked_for():
    make_due_post()
    digest.ring(NOON + SECOND)
    assert {issue.kind for issue in Issue.objects.for_desk(most=9)} == {"daily", "weekly"}
