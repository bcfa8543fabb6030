from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command

from posts.models import Post
from subscriptions import editions, tasks
from subscriptions.models import Delivery, Issue
from subscriptions.querysets import SubscriberQuerySet
from tests.subscriptions.factories import NOON, SECOND, make_due_post, make_subscriber, open_issue

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


@pytest.fixture
def broken_post(monkeypatch: pytest.MonkeyPatch) -> Post:
    """Return a due post whose rendering fails."""
    post = make_due_post(title="Broken by secret@example.org")
    compose = editions.compose

    def failing(issue: Issue, fresh: Sequence[Post], again: Sequence[Post]) -> Any:
        if post in fresh:
            raise ValueError(post.title)
        return compose(issue, fresh, again)

    monkeypatch.setattr(editions, "compose", failing)
    return post


def test_broken_post_does_not_silence_the_others(
    broken_post: Post, run_jobs: Callable[[], int], mailoutbox: list[Any],
    caplog: pytest.LogCaptureFixture,
):  # fmt: skip
    make_subscriber(frequency="instant")
    make_due_post(title="Sound")
    with time_machine.travel(NOON - SECOND, tick=False):
        tasks.ring.func(timestamp=0)
        run_jobs()
    assert [message.subject for message in mailoutbox] == ["Sound"]
    assert f"post {broken_post.pk} was not opened: ValueError" in caplog.text
    assert "secret@" not in caplog.text


def test_failing_ring_still_has_what_is_open_sent(
    monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[[], int], mailoutbox: list[Any]
):
    open_issue()
    monkeypatch.setattr(SubscriberQuerySet, "wake", lambda self, at: 1 / 0)
    with time_machine.travel(NOON + SECOND, tick=False):
        with pytest.raises(ZeroDivisionError):
            tasks.ring.func(timestamp=0)
        run_jobs()
    assert len(mailoutbox) == 1


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


def test_moment_that_is_none_is_refused_in_words():
    with pytest.raises(CommandError, match="“noonish” is no moment"):
        send_digest("noonish")
