from typing import Any

import pytest

from subscriptions.deliverability.selfchecks import SelfCheck
from subscriptions.models import Delivery, MailEvent, MailRequest, Subscriber
from subscriptions.retention import prune
from tests.subscriptions.factories import DAY, NOON, make_subscriber, sent_delivery

pytestmark = pytest.mark.django_db


def aged(days: int, **values: Any) -> Subscriber:
    reader = make_subscriber(**values)
    Subscriber.objects.filter(pk=reader.pk).update(created_at=NOON - days * DAY)
    return reader


def test_people_who_never_confirmed_go_after_thirty_days_and_no_others():
    aged(31, state="pending")
    kept = {aged(29, state="pending").pk, aged(400).pk, aged(400, state="unsubscribed").pk}
    asked_again = aged(31, state="pending")
    asked_again.new_confirmation(at=NOON - DAY)
    assert prune(NOON)["sign-ups never confirmed"] == 1
    assert set(Subscriber.objects.values_list("pk", flat=True)) == kept | {asked_again.pk}


def test_requests_no_job_answered_go_after_two_days():
    for days in (1, 3):
        MailRequest.objects.create(purpose="manage", email="a@example.org", at=NOON - days * DAY)
    assert prune(NOON)["requests never answered"] == 1
    assert not any(prune(NOON).values())


def test_events_and_self_checks_go_after_sixty_days_once_they_have_counted():
    reader = make_subscriber()
    for days, weighed_at in ((61, NOON), (61, None), (59, NOON)):
        at = NOON - days * DAY
        MailEvent.objects.create(source="relay", key=f"{days}{weighed_at}", subscriber=reader,
                                 kind="soft", happened_at=at, received_at=at, weighed_at=weighed_at,
                                 effect="counted" if weighed_at else "")  # fmt: skip
        SelfCheck.objects.create(sent_at=at)
    counts = prune(NOON)
    assert (counts["mail events"], counts["self-checks"]) == (1, 2)
    assert (MailEvent.objects.count(), SelfCheck.objects.count()) == (2, 1)


def test_answer_that_came_in_after_an_erasure_is_emptied():
    delivery, other = (sent_delivery(make_subscriber()) for _ in range(2))
    delivery.subscriber.erase(at=NOON, method="test")  # While its message was in flight.
    Delivery.objects.update(smtp_reply="550 5.1.1 <a@example.org> unknown")
    assert [prune(NOON)["replies about people since erased"] for _ in range(2)] == [1, 0]
    assert Delivery.objects.exclude(smtp_reply="").get() == other
