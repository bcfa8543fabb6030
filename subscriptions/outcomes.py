"""How handing one message over can end, and what a courier is."""

from dataclasses import dataclass
from typing import Protocol

from subscriptions.message import Letter
from subscriptions.models import Delivery

State = Delivery.State


class RelayUnavailable(Exception):  # noqa: N818 - it reads as what it is.
    """The mail relay does not answer, refuses the log-in, or asks to be left alone for a while."""


@dataclass(frozen=True)
class Outcome:
    """How a hand-over ended: SENT, RETRY, REJECTED or UNKNOWN, and the relay's words.

    `is_about_us` when the relay said a lasting no to us, not to the recipient.
    """

    state: Delivery.State
    reply: str
    is_relay_busy: bool = False
    is_about_us: bool = False

    @property
    def is_refusal(self) -> bool:
        return self.is_about_us or self.state == State.REJECTED


class Courier(Protocol):
    def get_ready(self) -> None:
        """Connect unless connected, or raise RelayUnavailable; no message is in play yet."""

    def hand_over(self, letter: Letter) -> Outcome:
        """Try once. Never raises: every way it can end is an outcome."""

    def close(self) -> None: ...


def name_of(error: BaseException) -> str:
    """Return the kind of error; its own words may hold the address."""
    return type(error).__name__
