"""What an event changes for the person it is about, in whatever order events come."""

from datetime import datetime
from typing import Any

import pytest

from subscriptions.feedback import effects, relayevents
from subscriptions.feedback.events import MailEvent
from subscriptions.models import Delivery, Issue, Subscriber, Suppression
from tests.subscriptions.factories import DAY, HOUR, NOON, SECOND, make_subscriber, sent_delivery

pytestmark = pytest.mark.django_db
Kind = MailEvent.Kind


def tell(kind: str, reader: Subscriber, at: datetime = NOON, **values: Any) -> str:
    """Have somebody tell this of the person, weigh it, and return their state."""
    number = MailEvent.objects.count()
    MailEvent.objects.create(source="mailgun", key=f"k{number}", kind=kind, subscriber=reader,
                             happened_at=at, received_at=at, **values)  # fmt: skip
    effects.weigh_waiting(at)
    reader.refresh_from_db()
    return reader.state


def send_issues(reader: Subscriber, days: list[int]) -> list[Delivery]:
    """Return the deliveries of the issues of these days, all taken by the relay."""
    return [sent_delivery(reader, NOON + day * DAY) for day in days]


@pytest.mark.parametrize(
    ("kind", "state", "reason"),
    [
        (Kind.HARD, "bounced", "bounce"),
        (Kind.COMPLAINT, "complained", "complaint"),
        (Kind.LEAVE, "unsubscribed", ""),
        (Kind.SOFT, "active", ""),
        (Kind.POLICY, "active", ""),
    ],
)
def test_each_kind_of_event_has_its_effect_once(kind: str, state: str, reason: str):
    reader = make_subscriber()
    assert tell(kind, reader) == tell(kind, reader) == state
    assert Suppression.reason_for(reader.email) == reason
    assert reader.events.count() == (state != "active")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("days", "soft", "state"),
    [
        ([0, 1, 2], [0, 1, 2], "bounced"),
        ([0, 1, 2], [0, 2], "active"),
        ([0, 1, 2, 3], [0, 1, 3], "active"),  # The third day's arrived.
        ([0, 1, 2, 3], [0, 1, 2], "bounced"),  # Told days later, when others had gone out.
        ([0, 11, 22], [0, 11, 22], "active"),  # Not within 21 days.
        ([0, 10, 21], [0, 10, 21], "bounced"),
    ],
)
def test_three_soft_issues_in_a_row_end_the_mail(days: list[int], soft: list[int], state: str):
    reader = make_subscriber()
    deliveries = dict(zip(days, send_issues(reader, days), strict=True))
    late = NOON + 30 * DAY
    for day in reversed(soft):  # The last is told first.
        tell(Kind.SOFT, reader, late, delivery=deliveries[day])
    assert Subscriber.objects.get().state == state


def test_one_issue_refused_three_times_is_one():
    reader = make_subscriber()
    [delivery] = send_issues(reader, [0])
    assert {tell(Kind.SOFT, reader, delivery=delivery) for _ in range(4)} == {"active"}


def test_what_happened_before_the_last_consent_changes_nothing():
    reader = make_subscriber()
    tell(Kind.HARD, reader, NOON)
    reader.confirm(at=NOON + HOUR)
    assert tell(Kind.HARD, reader, NOON + HOUR - SECOND) == "active"
    assert MailEvent.objects.get(effect="stale")
    assert tell(Kind.HARD, reader, NOON + 2 * HOUR) == "bounced"


def test_complaint_stands_whenever_it_was_made():
    reader = make_subscriber(active_since=NOON)
    assert tell(Kind.COMPLAINT, reader, NOON - DAY) == "complained"
    assert tell(Kind.HARD, reader, NOON + DAY) == "complained"


@pytest.mark.parametrize(
    ("before", "after"),
    [("active", "active"), ("pending", "pending"), ("unsubscribed", "unsubscribed"),
     ("paused", "paused")],
)  # fmt: skip
def test_restored_person_is_what_they_were_before(before: str, after: str):
    until = NOON + DAY if before == "paused" else None
    reader = make_subscriber(state=before, paused_until=until)
    assert tell(Kind.HARD, reader) == "bounced"
    assert reader.restore(at=NOON + HOUR, method="test")
    assert not reader.restore(at=NOON + HOUR, method="test")
    assert (reader.state, Suppression.objects.count()) == (after, 0)


@pytest.mark.parametrize("reason", ["complaint", "erased"])
def test_only_a_bounce_is_undone(reason: str):
    reader = make_subscriber()
    tell(Kind.HARD, reader)
    Suppression.objects.update(reason=reason)
    assert not reader.restore(at=NOON, method="test")
    assert Suppression.reason_for(reader.email) == reason


@pytest.mark.parametrize(
    ("state", "reply", "kind"),
    [
        ("rejected", "550 5.1.1 No such user", "hard"),
        ("rejected", "550 5.7.1 Blocked", "policy"),
        ("rejected", "552 5.2.2 Mailbox full", "soft"),
        ("expired", "452 4.2.2 Mailbox full", "soft"),
        ("expired", "451 4.3.0 Try later", None),  # The relay's own trouble.
        ("expired", "lost before the end of the message: TimeoutError", None),
        ("sent", "250 2.0.0 OK", None),
    ],
)
def test_refusal_of_the_relay_is_an_event_like_any_other(state: str, reply: str, kind: str | None):
    reader = make_subscriber()
    send_issues(reader, [0])
    Delivery.objects.update(state=state, smtp_reply=reply, at=NOON)
    assert [relayevents.collect(NOON + HOUR) for _ in range(2)] == [int(kind is not None), 0]
    assert list(MailEvent.objects.values_list("kind", flat=True)) == ([kind] if kind else [])


def test_nothing_counts_before_its_issue_is_done():
    send_issues(make_subscriber(), [0])
    Delivery.objects.update(state="rejected", smtp_reply="550 5.1.1 No such user", at=NOON)
    Issue.objects.update(state="sending")
    assert relayevents.collect(NOON + HOUR) == 0


def test_refusal_counts_however_long_its_issue_was_paused_after_it():
    send_issues(make_subscriber(), [0])
    Delivery.objects.update(state="rejected", smtp_reply="550 5.1.1 No such user", at=NOON)
    Issue.objects.update(done_at=NOON + 9 * DAY)
    assert relayevents.collect(NOON + 9 * DAY + HOUR) == 1
