"""What the tests of this room share."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.subscriptions.relay import Sink, running


@pytest.fixture
def relay(settings: Any) -> Iterator[Sink]:
    """Return a real SMTP server that the site is configured to use."""
    with running(Sink()) as sink:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", sink.port
        settings.EMAIL_TIMEOUT = 5
        yield sink
