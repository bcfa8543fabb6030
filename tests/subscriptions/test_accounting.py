"""Where everybody stands in an issue, and how fast it goes."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from subscriptions import accounting
from subscriptions.accounting import Account, account_of, bar, counted
from subscriptions.models import Delivery, Issue
from tests.factories import make_member
from tests.subscriptions.factories import NOON, SECOND, open_issue

STATES = ["sent", "rejected", "unknown", "cancelled", "suppressed", "expired", "pending", "retry"]


def with_one_in_each_state() -> Issue:
    issue = open_issue(people=len(STATES))
    pks = issue.deliveries.order_by("pk").values_list("pk", flat=True)
    for pk, state in zip(pks, STATES, strict=True):
        next_at = NOON if state in {"pending", "retry"} else None
        Delivery.objects.filter(pk=pk).update(state=state, next_at=next_at, at=NOON)
    return issue


@pytest.mark.django_db
def test_the_audience_is_the_sum_of_all_states_in_one_query(django_assert_num_queries: Any):
    issue = with_one_in_each_state()
    with django_assert_num_queries(1):
        account = account_of(issue, NOON + SECOND)
    assert account.audience == len(STATES)
    assert account.counts == {part: 2 if part == "open" else 1 for part in accounting.PARTS}
    listed = counted(Issue.objects.with_accounting().get())
    assert listed.counts == account.counts


@pytest.mark.django_db
def test_the_pace_is_that_of_the_last_half_minute():
    issue = open_issue(people=50)
    pks = list(issue.deliveries.order_by("pk").values_list("pk", flat=True))
    for number, pk in enumerate(pks[:30]):
        at = NOON + timedelta(seconds=number)
        Delivery.objects.filter(pk=pk).update(state="sent", next_at=None, at=at)
    account = account_of(issue, NOON + timedelta(seconds=30))
    assert account.pace() == "1.0 a second, about 20 s left."
    assert account_of(issue, NOON + timedelta(hours=1)).pace() == "20 still to be sent."


@pytest.mark.parametrize(
    ("counts", "per_second", "words"),
    [
        ({"sent": 5, "open": 0}, 3.0, ""),
        ({"sent": 5, "open": 100_000}, 1000.0, "1,000 a second, about 2 min left."),
        ({"sent": 1, "open": 12_000}, 0.5, "0.5 a second, about 6 h 40 min left."),
        ({"open": 7}, 0.0, "7 still to be sent."),
    ],
)
def test_pace_in_words(counts: dict[str, int], per_second: float, words: str):
    assert Account(counts, per_second).pace() == words


@pytest.mark.django_db
def test_waiting_for_another_attempt_is_told_with_its_time():
    issue = open_issue(people=2)
    issue.deliveries.update(state="retry", next_at=NOON + timedelta(minutes=5))
    assert account_of(issue, NOON).pace() == "2 to be tried again from 12:05 on."


def test_the_parts_of_the_bar_fill_it_and_are_said():
    account = Account({"sent": 1, "unknown": 2, "open": 1})
    parts = [part for part in account.segments() if part.count]
    assert [(part.x, part.width) for part in parts] == [(0, 25), (25, 50), (75, 25)]
    picture = bar(account)
    assert 'aria-label="4 people = 1 sent + 2 unknown + 1 open"' in picture
    assert "style=" not in picture
    assert 'width="0.0"' in bar(Account({}))


@pytest.mark.django_db
@pytest.mark.slow
def test_progress_is_told_to_who_may_see_issues(client: Client, django_assert_num_queries: Any):
    issue = with_one_in_each_state()
    url = reverse("admin:subscriptions_issue_progress", args=[issue.pk])
    client.force_login(make_member("Editor"))
    answer = client.get(url).json()
    assert (answer["is_moving"], answer["state"]) == (True, "Sending")
    assert answer["sentence"].startswith("8 people = 1 sent + ")
    assert answer["parts"]["open"]["count"] == "2"
    assert "example.org" not in str(answer)
    client.force_login(User.objects.create_user("clerk", is_staff=True))
    assert client.get(url).status_code == 403
    assert client.get(url.replace(str(issue.pk), "0")).status_code in {403, 404}


@pytest.mark.django_db
@pytest.mark.slow
def test_the_page_of_an_issue_says_it_all_without_a_script(client: Client):
    issue = with_one_in_each_state()
    client.force_login(make_member("Editor"))
    html = client.get(reverse("admin:subscriptions_issue_change", args=[issue.pk])).content.decode()
    assert "8 people = 1 sent + 1 rejected + 1 unknown" in html
    assert "data-moving" in html
    assert "<noscript>" in html
    Issue.objects.update(state=Issue.State.DONE)
    done = client.get(reverse("admin:subscriptions_issue_change", args=[issue.pk]))
    assert "data-moving" not in done.content.decode()
