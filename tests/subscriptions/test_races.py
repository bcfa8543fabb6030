"""Real threads on real connections: what the locks and constraints promise."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from subscriptions import digest, ledger, roster, sending, signup, tokens
from subscriptions.importing import Import, Options
from subscriptions.models import ConsentEvent, Delivery, Issue, MailRequest, Subscriber
from tests.subscriptions.factories import NOON, SECOND, make_due_post, make_subscriber, open_issue
from tests.subscriptions.relay import Sink

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def together(count: int, action: Callable[[int], Any]) -> list[Any]:
    """Run an action in so many threads that start at once; return what each returned."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(10)
            results[number] = action(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


def test_eight_clocks_racing_open_one_issue():
    make_subscriber()
    make_due_post()
    opened = together(8, lambda _: digest.open_issue(NOON + SECOND))
    assert len([issue for issue in opened if issue]) == 1
    assert (Issue.objects.count(), Delivery.objects.count()) == (1, 1)


def test_ten_one_click_posts_at_once_are_one_event():
    reader = make_subscriber()
    url = f"/u/{tokens.leave(reader.pk, 1)}/"
    answers = together(
        10, lambda _: Client().post(url, {"List-Unsubscribe": "One-Click"}).status_code
    )
    assert answers == [200] * 10
    assert ConsentEvent.objects.count() == 1


def test_ten_jobs_for_one_address_at_once_send_one_mail(mailoutbox: list[Any]):
    wanted = [MailRequest.objects.create(purpose="subscribe", email="a@example.org", at=NOON)
              for _ in range(10)]  # fmt: skip

    verdicts = together(10, lambda number: signup.answer(wanted[number].pk, NOON))
    assert sorted(verdicts) == [""] * 9 + ["confirmation"]
    assert len(mailoutbox) == Subscriber.objects.count() == 1


def test_three_senders_share_an_issue_without_a_duplicate(relay: Sink):
    open_issue(people=60)
    together(3, lambda _: sending.send(clock=lambda: NOON + 2 * SECOND))
    assert len(relay.recipients) == len(set(relay.recipients)) == 60
    assert Issue.objects.get().state == Issue.State.DONE


def test_nobody_is_written_to_after_leaving_was_answered(relay: Sink):
    open_issue(people=40)
    people = list(Subscriber.objects.all())
    gone: list[str] = []
    late: list[str] = []

    def note(address: str) -> str:
        if address in gone:
            late.append(address)
        return ""

    relay.on_rcpt = note

    def leave_or_send(number: int) -> None:
        if number == 0:
            sending.send(clock=lambda: NOON + 2 * SECOND)
            return
        for reader in people[::-1][::2]:
            Client().post(f"/u/{tokens.leave(reader.pk, 1)}/")
            if Delivery.objects.get(subscriber=reader).state == "cancelled":
                gone.append(reader.email)

    together(2, leave_or_send)
    assert late == []
    issue: Any = Issue.objects.with_accounting().get()
    assert issue.sent_count + issue.cancelled_count == 40
    assert len(relay.accepted) == issue.sent_count


def test_passing_over_waits_for_nobody_who_holds_the_person():
    open_issue()
    worker, held, done = 7, threading.Event(), threading.Event()
    claim = ledger.claim(worker, now=NOON + 2 * SECOND, size=1)[0]
    Subscriber.objects.update(state="unsubscribed")

    def hold_or_pass(number: int) -> str:
        if number == 0:
            with transaction.atomic():
                Subscriber.objects.select_for_update(no_key=True).get()
                held.set()
                done.wait(10)
            return ""
        held.wait(10)
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        try:
            return ledger.pass_over(claim, worker=worker, now=NOON)
        finally:
            done.set()

    assert together(2, hold_or_pass) == ["", "cancelled"]


def test_lock_of_a_closed_session_counts_as_dead():
    open_issue()

    def die(_: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, 77)", [ledger._LOCKS])
        ledger.claim(77, now=NOON + 2 * SECOND, size=1)
        assert ledger.recover(NOON + 2 * SECOND) == 0

    together(1, die)
    with connection.cursor() as cursor:
        # The server notices a closed connection in its own time: wait for its lock.
        cursor.execute("SELECT pg_advisory_lock(%s, 77)", [ledger._LOCKS])
        cursor.execute("SELECT pg_advisory_unlock(%s, 77)", [ledger._LOCKS])
    assert ledger.recover(NOON + 3 * SECOND) == 1
    assert Delivery.objects.get().state == "pending"


def test_import_and_sign_ups_of_the_same_addresses_at_once(tmp_path: Path, mailoutbox: list[Any]):
    emails = [f"p{number}@example.org" for number in range(20)]
    path = tmp_path / "people.csv"
    path.write_text("email\n" + "\n".join(emails))
    wanted = MailRequest.objects.bulk_create(
        MailRequest(purpose="subscribe", email=email, at=NOON) for email in emails
    )

    def act(number: int) -> None:
        if number < 2:
            list(Import(Options(), NOON).run(roster.inspect(path)))
        for one in wanted[number - 2 :: 2] if number >= 2 else []:
            signup.answer(one.pk, NOON)

    together(4, act)
    assert Subscriber.objects.count() == ConsentEvent.objects.count() == len(mailoutbox) == 20
    for one in MailRequest.objects.all():  # What the import asked for is done already.
        signup.answer(one.pk, NOON)
    assert len(mailoutbox) == 20


@pytest.mark.parametrize("is_resent_first", [True, False])
def test_issue_that_is_sent_again_at_this_moment_is_not_done(is_resent_first: bool):
    issue, at, began = open_issue(), NOON + 2 * SECOND, threading.Event()
    Delivery.objects.update(state="unknown", next_at=None)
    steps = [lambda: issue.resend_uncertain(at=at), lambda: ledger.settle(at)]

    def step(number: int) -> None:
        if number == 1:
            began.wait(10)
            steps[int(is_resent_first)]()
            return
        with transaction.atomic():
            steps[int(not is_resent_first)]()
            began.set()
            wait_for_the_other()

    together(2, step)
    assert (Issue.objects.get().state, Delivery.objects.get().state) == ("sending", "pending")


def wait_for_the_other() -> None:
    """Return when another session waits for what this one holds."""
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while not cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
            assert time.monotonic() < deadline
