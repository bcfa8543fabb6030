"""The whole way by mail: from the sign-up box to the noon after the last click."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from subscriptions.models import Issue
from tests.factories import make_post
from tests.subscriptions.relay import Sink, running

# A Thursday in July: noon in London is eleven o'clock in UTC.
NINE = datetime(2026, 7, 9, 8, 0, tzinfo=UTC)
NOON = datetime(2026, 7, 9, 11, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture
def relay(settings: Any) -> Iterator[Sink]:
    with running(Sink()) as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        yield sink


def test_from_sign_up_to_the_noon_after_unsubscribing(
    client: Client, relay: Sink, run_jobs: Callable[[], int]
) -> None:
    with time_machine.travel(NINE, tick=False):
        client.post("/subscribe/", {"email": "walker@example.org"})
        run_jobs()
        client.post(_path(r"/subscribe/confirm/\S+", relay))
        post = make_post(title="What a pilot cost", published_at=NINE)

    _ring(NOON - SECOND)
    assert len(relay.accepted) == 1  # The confirmation alone.
    _ring(NOON + SECOND)
    _ring(NOON + 2 * SECOND)
    assert relay.recipients == ["walker@example.org"] * 2
    assert post.get_absolute_url() in str(relay.messages[1])

    make_post(title="What it saved", published_at=NOON + timedelta(hours=2))
    client.post(_path(r"/u/[^/\s]+/", relay), {"List-Unsubscribe": "One-Click"})
    _ring(NOON + DAY + SECOND)
    assert len(relay.accepted) == 2
    assert Issue.objects.get(kind="daily", local_date="2026-07-10").deliveries.count() == 0


def _ring(moment: datetime) -> None:
    with time_machine.travel(moment, tick=False):
        call_command("send_digest", stdout=StringIO())


def _path(pattern: str, relay: Sink) -> str:
    """Return the path of the first such link in the text of the last mail."""
    body = relay.messages[-1].get_body(("plain",))
    assert body is not None
    found = re.search(pattern, body.get_content())
    assert found is not None
    return found[0]
