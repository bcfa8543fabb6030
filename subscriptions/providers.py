"""Handing one message over through the API of a mail provider (ESP), by way of django-anymail."""

import ssl
from collections.abc import Iterator
from typing import Any

from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import AnymailAPIError, AnymailError, AnymailRecipientsRefused
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from subscriptions.message import Letter, ReadyMessage
from subscriptions.outcomes import Outcome, State, name_of

# What a provider says of a recipient; whatever is not here was taken.
_PROVIDERS_WORDS = {
    "invalid": "550 5.1.3 not an address",
    "rejected": "550 5.0.0 refused by the provider",
    "failed": "451 4.0.0 failed",
}
_BEFORE_THE_CALL = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)


class ProviderCourier:
    """A mail provider's API by way of django-anymail: one message is one call.

    The ledger speaks SMTP, so an answer of the API is noted as the status it means (RFC 3463), with
    the provider's words behind it, or the provider's id of the message where it was taken.
    """

    def __init__(self, backend: AnymailBaseBackend) -> None:
        self.backend = backend

    def get_ready(self) -> None:
        self.backend.open()

    def hand_over(self, letter: Letter) -> Outcome:
        message = ReadyMessage.of(letter)
        try:
            self.backend.send_messages([message])
        except AnymailRecipientsRefused:
            return _taken(message)
        except AnymailAPIError as error:
            return _answered(error, letter.to)
        except AnymailError as error:  # Raised before anything was sent.
            return Outcome(State.REJECTED, f"554 5.6.0 {name_of(error)}")
        return _taken(message)

    def close(self) -> None:
        self.backend.close()


def _taken(message: Any) -> Outcome:
    """Return what the provider said of the recipient; "failed" may be tried again."""
    status = message.anymail_status
    word = next(iter(status.status or ()), None)
    reply = _PROVIDERS_WORDS.get(str(word), "250 2.0.0 taken")
    state = {"2": State.SENT, "4": State.RETRY, "5": State.REJECTED}[reply[0]]
    return Outcome(state, f"{reply} {status.message_id or ''}".strip()[:300])


def _answered(error: AnymailAPIError, to: str) -> Outcome:
    """Return what became of a call that did not go well, or of which nobody knows how it went."""
    code = error.status_code
    if code is None:
        if _was_never_sent(error):
            return Outcome(State.RETRY, f"no connection: {_cause(error)}", is_relay_busy=True)
        return Outcome(State.UNKNOWN, f"lost after the call: {_cause(error)}")
    text = getattr(error.response, "text", "").replace(to, "<…>")
    words = f"the API answered {code}: {' '.join(text.split())}"[:280]
    if code in {401, 403}:
        reply = f"535 5.7.8 {words}"
        return Outcome(State.RETRY, reply, is_relay_busy=True, is_about_us=True)
    if code in {429, 503}:  # Both say that nothing was done.
        return Outcome(State.RETRY, f"451 4.7.0 {words}", is_relay_busy=True)
    if 400 <= code < 500 and code != 408:
        return Outcome(State.REJECTED, f"550 5.0.0 {words}")
    # Of a gateway's error, and of an answer nobody can read, the message may have been taken.
    return Outcome(State.UNKNOWN, words)


def _was_never_sent(error: BaseException) -> bool:
    """Return whether the call failed while connecting: then nothing was handed over."""
    seen = [error, *_causes(error)]
    return any(isinstance(one, _BEFORE_THE_CALL) for one in seen)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what lies beneath: causes, and what requests and urllib3 keep of their own."""
    beneath = [error.__cause__, getattr(error, "reason", None), *error.args]
    for one in beneath:
        if isinstance(one, BaseException):
            yield one
            yield from _causes(one)


def _cause(error: BaseException) -> str:
    return name_of(error.__cause__ or error)
