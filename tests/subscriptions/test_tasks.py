from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from subscriptions import tasks
from subscriptions.models import Delivery, Issue
from tests.subscriptions.factories import NOON, SECOND, make_due_post, make_subscriber

pytestmark = pytest.mark.django_db


def send_digest(now: str = "2026-03-04T12:00:01") -> str:
    out = StringIO()
    call_command("send_digest", now=None, stdout=out) if not now else call_command(
        "send_digest", "--now", now, stdout=out
    )
    return out.getvalue()


def test_clock_opens_the_issue_and_a_job_sends_it(
    run_jobs: Callable[[], int], mailoutbox: list[Any]
):
    make_subscriber()
    make_due_post()
    for _ in range(3):
        with time_machine.travel(NOON + SECOND, tick=False):
            tasks.ring.func(timestamp=0)
            run_jobs()
    assert len(mailoutbox) == 1
    assert Delivery.objects.get().state == "sent"


def test_quiet_minute_defers_nothing(run_jobs: Callable[[], int]):
    with time_machine.travel(NOON - SECOND, tick=False):
        tasks.ring.func(timestamp=0)
    assert run_jobs() == 0


def test_command_sends_and_accounts_and_may_be_run_again(mailoutbox: list[Any]):
    make_subscriber()
    make_subscriber()
    make_due_post()
    assert "4 March 2026: audience 2 = sent 2\n" in send_digest()
    assert send_digest() == ""
    assert len(mailoutbox) == 2


def test_command_takes_a_moment_with_an_offset():
    send_digest("2026-07-01T11:00:01+00:00")
    assert Issue.objects.filter(local_date="2026-07-01", kind="daily").exists()


def test_command_refuses_a_moment_it_cannot_read():
    with pytest.raises(CommandError):
        send_digest("noon")


def test_command_says_when_the_relay_is_down(settings: Any):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    make_subscriber()
    make_due_post()
    with pytest.raises(CommandError, match="relay unavailable"):
        send_digest()
    assert Delivery.objects.get().state == "pending"
