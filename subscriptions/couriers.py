"""Which way a message takes, as Django's mail configuration says."""

from anymail.backends.base import AnymailBaseBackend
from django.core.mail import get_connection
from django.core.mail.backends import smtp
from django.core.mail.backends.base import BaseEmailBackend

from subscriptions.message import Letter, ReadyMessage
from subscriptions.outcomes import Courier, Outcome, RelayUnavailable, State, name_of
from subscriptions.providers import ProviderCourier
from subscriptions.smtp import SmtpCourier

__all__ = ["BackendCourier", "Courier", "Outcome", "RelayUnavailable", "from_settings"]


def from_settings() -> Courier:
    """Return the courier for Django's mail configuration."""
    backend = get_connection()
    if isinstance(backend, smtp.EmailBackend):
        return SmtpCourier(backend)
    if isinstance(backend, AnymailBaseBackend):
        return ProviderCourier(backend)
    return BackendCourier(backend)


class BackendCourier:
    """Any other Django mail backend (files, memory): one message is one `send_messages`."""

    def __init__(self, backend: BaseEmailBackend) -> None:
        self.backend = backend

    def get_ready(self) -> None:
        return

    def hand_over(self, letter: Letter) -> Outcome:
        try:
            sent = self.backend.send_messages([ReadyMessage.of(letter)])
        except OSError as error:  # A part of it may be written.
            return Outcome(State.UNKNOWN, name_of(error))
        return Outcome(State.SENT, "accepted") if sent else Outcome(State.RETRY, "not taken")

    def close(self) -> None:
        self.backend.close()
