"""Handing one message over by SMTP, and what became of it.

`smtplib.sendmail` raises the same exception before RCPT, when nothing was sent, and after the final
dot, when the message may have been accepted (RFC 1047). So MAIL, RCPT and DATA are driven apart.
"""

import re
import smtplib
import socket
from typing import Any

from django.core.mail.backends import smtp

from subscriptions.deliveries import ABOUT_US
from subscriptions.message import Letter
from subscriptions.outcomes import Outcome, RelayUnavailable, State, name_of

_WANTED = ({250}, {250, 251}, {354})  # in answer to MAIL, RCPT and DATA
_MAIL, _RCPT = 0, 1


class SmtpCourier:
    """One connection, made as Django's EMAIL_* settings say (TLS, log-in, time-out).

    Where the relay takes several commands at once (RFC 2920), MAIL, RCPT and DATA are one write.
    """

    def __init__(self, backend: smtp.EmailBackend) -> None:
        self.backend = backend
        self.is_pipelining = False

    def get_ready(self) -> None:
        if self.backend.connection is not None:
            return
        try:
            self.backend.open()
            relay = self._relay
            relay.ehlo_or_helo_if_needed()
            self.is_pipelining = relay.has_extn("pipelining")
            # The last bytes must not wait for an answer to those before (Nagle's algorithm).
            relay.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise RelayUnavailable(name_of(error)) from None

    def hand_over(self, letter: Letter) -> Outcome:
        try:
            refusal = self._offer(letter)
            if refusal:
                return refusal
            self._push(letter.wire)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Outcome(State.RETRY, f"lost before the end of the message: {name_of(error)}")
        return self._finish()

    def close(self) -> None:
        try:
            self.backend.close()
        except (OSError, smtplib.SMTPException):
            self.backend.connection = None

    def _drop(self) -> None:
        """Leave a connection that is of no more use, without waiting for an answer to a QUIT."""
        relay, self.backend.connection = self._relay, None
        if relay is not None:
            relay.close()

    @property
    def _relay(self) -> Any:
        return self.backend.connection

    def _offer(self, letter: Letter) -> Outcome | None:
        """Name sender and recipient; return a refusal, or None when the relay wants the message."""
        commands = (f"MAIL FROM:<{letter.sender}>", f"RCPT TO:<{letter.to}>", "DATA")
        relay = self._relay
        if self.is_pipelining:
            relay.sock.sendall("".join(f"{command}\r\n" for command in commands).encode("ascii"))
        for place, command in enumerate(commands):
            if not self.is_pipelining:
                relay.putcmd(command)
            code, reply = relay.getreply()
            if code not in _WANTED[place]:
                return self._turned_away(place, code, reply)
        return None

    def _push(self, wire: bytes) -> None:
        """Write the message with its final dot.

        If it raises, the kernel has not taken the last of it: the relay cannot have seen the dot.
        """
        rest = memoryview(wire)
        while rest:
            rest = rest[self._relay.sock.send(rest) :]

    def _finish(self) -> Outcome:
        """Read the answer to the dot. From here on, silence means that nobody knows."""
        try:
            code, reply = self._relay.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Outcome(State.UNKNOWN, f"lost after the end of the message: {name_of(error)}")
        if 200 <= code < 300:
            return Outcome(State.SENT, _words(code, reply))
        if not _is_refusal(code):
            self._drop()
            return Outcome(State.UNKNOWN, "an answer to the message that makes no sense")
        return self._refused(code, reply)

    def _turned_away(self, place: int, code: int, reply: bytes) -> Outcome:
        """Answer a no to MAIL, RCPT or DATA, so that the connection can be used for the next."""
        if place == _MAIL:
            # No recipient was named yet, so whatever it is, it is about us.
            self._drop()
            return Outcome(
                State.RETRY, _words(code, reply), is_relay_busy=True, is_about_us=code >= 500
            )
        if self.is_pipelining and place == _RCPT and _is_refusal(code) and code != 421:
            self._take_back()
        return self._refused(code, reply)

    def _take_back(self) -> None:
        """Read the answer to the DATA that was written together with the refused RCPT.

        A relay that says 354 all the same waits for a message; it gets an empty one, which is for
        nobody, and its answer to that means nothing (RFC 2920, 3.1).
        """
        try:
            code, _ = self._relay.getreply()
            if code == 354:
                self._relay.sock.sendall(b".\r\n")
                self._relay.getreply()
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _refused(self, code: int, reply: bytes) -> Outcome:
        is_relay_busy = code in {421, 454}
        if is_relay_busy or not _is_refusal(code):
            # A relay that closes after so many messages gets a new connection; and after an answer
            # that makes no sense, the next might be taken for the answer to something else.
            self._drop()
        elif self._relay is not None:
            self._reset()
        words = _words(code, reply)
        return Outcome(
            State.REJECTED if code >= 500 else State.RETRY,
            words,
            is_relay_busy=is_relay_busy,
            is_about_us=bool(re.match(ABOUT_US, words)),
        )

    def _reset(self) -> None:
        """Forget the message in the relay; a connection where that fails is of no more use."""
        try:
            code, _ = self._relay.rset()
        except (OSError, smtplib.SMTPException):
            code = -1
        if code != 250:
            self._drop()


def _is_refusal(code: int) -> bool:
    """Return whether this says no. smtplib answers -1 when it could not read the relay's line."""
    return 400 <= code < 600


def _words(code: int, reply: bytes) -> str:
    return " ".join(f"{code} {reply.decode('ascii', 'replace')}".split())[:300]
