"""Nobody learns from the sign-up whether an address is known: same bytes, same statements."""

import re
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from subscriptions.models import MailRequest, Subscriber, Suppression
from tests.subscriptions.factories import NOON, make_subscriber

pytestmark = pytest.mark.django_db
MAIL = "reader@example.org"
KNOWN = ["new", "capped", "suppressed", "erased", "trapped", *Subscriber.State.values[:-1]]


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def know(case: str) -> None:
    """Make this of the address before it is typed."""
    if case in Subscriber.State.values and case != Subscriber.State.ERASED:
        make_subscriber(email=MAIL, state=case, paused_until=NOON if case == "paused" else None)
    elif case == "capped":
        make_subscriber(email=MAIL, state="pending", confirm_mailed_at=NOON, confirm_mail_count=3)
    elif case == "erased":
        make_subscriber(email=MAIL).erase(at=NOON, method="test")
    elif case == "suppressed":
        Suppression.add(MAIL, "complaint", at=NOON)


def told(client: Client, path: str, case: str) -> tuple[Any, ...]:
    """Return all that whoever typed the address sees and could time: answer and statements."""
    values = {"email": MAIL} | ({"url": "http://spam.example"} if case == "trapped" else {})
    with CaptureQueriesContext(connection) as queries:
        answer = client.post(path, values)
    statements = [re.sub(r"'(?:[^']|'')*'|\d+|true|false", "?", q["sql"]) for q in queries]
    headers = [*answer.headers.items(), *[(name, c.OutputString()) for name, c in
               answer.cookies.items()]]  # fmt: skip
    return answer.status_code, answer.content, str(sorted(headers)), str(statements)


@pytest.mark.parametrize("case", KNOWN[1:])
@pytest.mark.parametrize("path", ["/subscribe/", "/subscription/"])
def test_answer_and_statements_are_those_for_a_new_address(client: Client, path: str, case: str):
    client.get("/subscribe/check-your-mail/")
    new = told(client, path, "new")
    MailRequest.objects.all().delete()
    know(case)
    assert told(client, path, case) == new
    assert "subscriptions_subscriber" not in new[3].replace("subscriptions_mailrequest", "")
