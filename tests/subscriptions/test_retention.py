from typing import Any

import pytest

from subscriptions.models import MailRequest, Subscriber
from subscriptions.retention import prune
from tests.subscriptions.factories import DAY, NOON, make_subscriber

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
    assert prune(NOON) == {"requests never answered": 0, "sign-ups never confirmed": 0}
