"""Handing one message over, and what became of it.

`smtplib.sendmail` raises the same exception before RCPT, when nothing was sent, and after the final
dot, when the message may have been accepted (RFC 1047). So MAIL, RCPT and DATA are driven apart.
"""

import email
import re
import smtplib
import socket
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from typing import Any, Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends import smtp
from django.core.mail.backends.base import BaseEmailBackend

from subscriptions.deliveries import ABOUT_US
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


def from_settings() -> Courier:
    """Return the courier for Django's mail configuration."""
    backend = get_connection()
    if isinstance(backend, smtp.EmailBackend):
        return SmtpCourier(backend)
    return BackendCourier(backend)


class SmtpCourier:
    """One connection, made as Django's EMAIL_* settings say (TLS, log-in, time-out)."""

    def __init__(self, backend: smtp.EmailBackend) -> None:
        self.backend = backend

    def get_ready(self) -> None:
        if self.backend.connection is not None:
            return
        try:
            self.backend.open()
            relay = self._relay
            relay.ehlo_or_helo_if_needed()
            # The final dot is a small write of its own; Nagle's algorithm would hold it back.
            relay.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise RelayUnavailable(type(error).__name__) from None

    def hand_over(self, letter: Letter) -> Outcome:
        try:
            refusal = self._offer(letter)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome(State.RETRY, f"lost before the end of the message: {_name(error)}")
        return refusal or self._finish()

    def close(self) -> None:
        try:
            self.backend.close()
        except (OSError, smtplib.SMTPException):
            self.backend.connection = None

    @property
    def _relay(self) -> Any:
        return self.backend.connection

    def _offer(self, letter: Letter) -> Outcome | None:
        """Send everything but the final dot; return a refusal, or None when all was taken."""
        code, reply = self._relay.mail(letter.sender)
        if code != 250:
            return self._turned_away(code, reply)
        code, reply = self._relay.rcpt(letter.to)
        if code not in {250, 251}:
            return self._refused(code, reply, is_relay_busy=code in {421, 454})
        code, reply = self._relay.docmd("DATA")
        if code != 354:
            return self._refused(code, reply, is_relay_busy=code in {421, 454})
        self._relay.send(re.sub(rb"(?m)^\.", b"..", letter.content))
        return None

    def _finish(self) -> Outcome:
        """Send the dot. From its first byte on, silence means that nobody knows."""
        try:
            self._relay.send(b".\r\n")
            code, reply = self._relay.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Outcome(State.UNKNOWN, f"lost after the end of the message: {_name(error)}")
        if 200 <= code < 300:
            return Outcome(State.SENT, _words(code, reply))
        if not _is_refusal(code):
            self.close()
            return Outcome(State.UNKNOWN, "an answer to the message that makes no sense")
        return self._refused(code, reply, is_relay_busy=code in {421, 454})

    def _turned_away(self, code: int, reply: bytes) -> Outcome:
        """Answer a no to MAIL: no recipient was named yet, so whatever it is, it is about us."""
        self.close()
        return Outcome(
            State.RETRY, _words(code, reply), is_relay_busy=True, is_about_us=code >= 500
        )

    def _refused(self, code: int, reply: bytes, *, is_relay_busy: bool) -> Outcome:
        if is_relay_busy or not _is_refusal(code):
            # A relay that closes after so many messages gets a new connection; and after an answer
            # that makes no sense, the next might be taken for the answer to something else.
            self.close()
        else:
            with suppress(OSError, smtplib.SMTPException):
                self._relay.rset()
        words = _words(code, reply)
        return Outcome(
            State.REJECTED if code >= 500 else State.RETRY,
            words,
            is_relay_busy=is_relay_busy,
            is_about_us=bool(re.match(ABOUT_US, words)),
        )


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
            return Outcome(State.UNKNOWN, _name(error))
        return Outcome(State.SENT, "accepted") if sent else Outcome(State.RETRY, "not taken")

    def close(self) -> None:
        self.backend.close()


class ReadyMessage(EmailMultiAlternatives):
    """A Django message around bytes that are already complete."""

    content = b""

    @classmethod
    def of(cls, letter: Letter) -> "ReadyMessage":
        edition = letter.edition
        message = cls(
            edition.subject, letter.personal(edition.text), settings.DEFAULT_FROM_EMAIL, [letter.to]
        )
        message.attach_alternative(letter.personal(edition.html), "text/html")
        message.content = letter.content
        return message

    def message(self, *, policy: Any = None) -> Any:
        ready = email.message_from_bytes(self.content, _class=_ReadyBytes)
        ready.content = self.content
        return ready


class _ReadyBytes(Message):
    content = b""

    def as_bytes(self, *args: Any, **kwargs: Any) -> bytes:
        return self.content


def _is_refusal(code: int) -> bool:
    """Return whether this says no. smtplib answers -1 when it could not read the relay's line."""
    return 400 <= code < 600


def _name(error: Exception) -> str:
    """Return the kind of error; its own words may hold the address."""
    return type(error).__name__


def _words(code: int, reply: bytes) -> str:
    return " ".join(f"{code} {reply.decode('ascii', 'replace')}".split())[:300]
