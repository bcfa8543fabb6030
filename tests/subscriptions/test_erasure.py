"""After an erasure neither the address nor a plain hash of it is in any row of any table."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from psycopg import sql

from subscriptions import importing, roster, tokens
from subscriptions.models import Delivery, MailEvent, MailRequest, Subscriber
from tests.subscriptions.factories import DAY, NOON, open_issue

pytestmark = pytest.mark.django_db
CANARY = "Canary.Bird+tag@example.org"


def dump() -> str:
    """Return every row of every table as text, in lower case."""
    parts = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table)))
            parts += [row for (row,) in cursor.fetchall()]
    return "\n".join(parts).lower()


def traces(email: str) -> list[str]:
    """Return what would give the address away: itself, its parts, and hashes anybody can make."""
    local = email.lower().partition("@")[0]
    hashes = [
        getattr(hashlib, name)(written.encode()).hexdigest()
        for name in ("md5", "sha1", "sha256", "sha512")
        for written in (email, email.lower(), email.upper(), local)
    ]
    return [email.lower(), local, *hashes]


@pytest.fixture
def canary(client: Client, run_jobs: Callable[[], int], mailoutbox: list[Any]) -> Subscriber:
    """Return somebody who went through everything: form, confirmation, digest, link, pages."""
    with time_machine.travel(NOON - DAY, tick=False):
        client.post("/subscribe/", {"email": CANARY})
        run_jobs()
        reader = Subscriber.objects.get()
        client.post(f"/subscribe/confirm/{reader.new_confirmation(at=NOON - DAY)}/")
        client.post("/subscription/", {"email": CANARY})
        run_jobs()
    open_issue(people=0)
    Delivery.objects.update(smtp_reply=f"250 2.1.5 {CANARY} ok")
    MailEvent.objects.create(source="relay", key="k", kind="soft", words=f"{CANARY} is full",
                             subscriber=reader, happened_at=NOON, received_at=NOON)  # fmt: skip
    MailRequest.objects.create(purpose="manage", email=CANARY.lower(), at=NOON)
    reader.refresh_from_db()
    return reader


def test_dump_shows_the_address_before_and_no_trace_of_it_after(client: Client, canary: Subscriber):
    assert CANARY.lower() in dump()
    with time_machine.travel(NOON, tick=False):
        url = f"/subscription/{tokens.manage(canary.pk, canary.epoch, now=NOON)}/"
        client.post(url, {"choice": "erase", "sure": "yes"})
    text = dump()
    assert [trace for trace in traces(CANARY) if trace in text] == []


def test_import_keeps_the_erased_out(canary: Subscriber, tmp_path: Any):
    canary.erase(at=NOON, method="test")
    path = tmp_path / "people.csv"
    path.write_text(f"email,confirmed_at\n{CANARY},2020-01-01\n{CANARY.lower()},2020-01-01\n")
    run = importing.Import(importing.Options("An old list"), NOON).run(roster.inspect(path))
    assert [one.outcome for one in run] == ["skipped", "skipped"]
    assert CANARY.lower() not in dump()


def test_download_holds_everything_kept_but_the_secrets_of_links(
    client: Client, canary: Subscriber
):
    with time_machine.travel(NOON, tick=False):
        url = f"/subscription/{tokens.manage(canary.pk, canary.epoch, now=NOON)}/"
        answer = client.post(url, {"choice": "export"})
    kept = answer.json()
    assert (kept["email"], kept["left_alone_because"]) == (CANARY, "")
    assert [event["to_state"] for event in kept["consent"]] == ["pending", "active"]
    assert kept["consent"][0]["page"] == ""
    assert (
        len(kept["posts_mailed"]) == len(kept["mail"]) == len(kept["forms_not_answered_yet"]) == 1
    )
    assert CANARY in kept["mail"][0]["smtp_reply"]
    assert kept["what_came_back"][0]["words"] == f"{CANARY} is full"
    assert canary.confirm_digest not in answer.content.decode()
