"""The mailbox to which mail comes back: a maildir on this machine, or a folder read over IMAP.

It is the site's own. What was read is marked as seen and stays; what is marked so is not read.
"""

import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

TIMEOUT = 30  # seconds, for a sign of life
PATIENCE = 120  # seconds, for a whole answer, however lively


class MailboxUnavailable(Exception):  # noqa: N818 - it reads as what it is.
    """The mailbox cannot be reached or read; its message says why, without a password."""


@dataclass(frozen=True)
class Waiting:
    """A message not read yet: under which name, and how many bytes it has."""

    name: str
    size: int


class Mailbox(Protocol):
    def waiting(self) -> Iterator[Waiting]:
        """Yield what is not marked as seen, oldest first."""

    def content(self, name: str, *, most: int) -> bytes:
        """Return a message, its first bytes up to `most`; marks nothing."""

    def settle(self, name: str) -> None:
        """Mark a message as seen. Harmless when it is gone."""

    def close(self) -> None: ...


def open_from(place: Mapping[str, Any]) -> Mailbox:
    """Return the mailbox of BOUNCE_MAILBOX, connected. Raises MailboxUnavailable."""
    if place["SCHEME"] == "maildir":
        return MaildirMailbox(Path(place["PATH"]))
    return ImapMailbox(place)


class MaildirMailbox:
    """A maildir (https://cr.yp.to/proto/maildir.html): one file for each message.

    The standard library's class reads every message whole to list it; this reads none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not (path / "new").is_dir() or not (path / "cur").is_dir():
            raise MailboxUnavailable("the folder is no maildir: it has no new and cur")

    def waiting(self) -> Iterator[Waiting]:
        try:
            found = [
                (file.stat().st_mtime, f"{folder}/{file.name}", file.stat().st_size)
                for folder in ("new", "cur")
                for file in (self.path / folder).iterdir()
                # Not a pipe, which would never end, nor a link to somewhere else.
                if file.is_file() and not file.is_symlink() and not _is_seen(file.name)
            ]
        except OSError as error:
            raise MailboxUnavailable(_words(error)) from None
        for _, name, size in sorted(found):
            yield Waiting(name, size)

    def content(self, name: str, *, most: int) -> bytes:
        try:
            with (self.path / name).open("rb") as file:
                return file.read(most)
        except OSError as error:
            raise MailboxUnavailable(_words(error)) from None

    def settle(self, name: str) -> None:
        file = self.path / name
        base, _, flags = file.name.partition(":2,")
        flags = "".join(sorted({*flags, "S"}))
        try:
            file.rename(self.path / "cur" / f"{base}:2,{flags}")
        except FileNotFoundError:
            return
        except OSError as error:
            raise MailboxUnavailable(_words(error)) from None

    def close(self) -> None:
        return


class ImapMailbox:
    """A folder over IMAP (RFC 3501): TLS with a verified certificate, and every answer in time.

    One that never ends would keep the reader, and the worker it runs in, for good.
    """

    def __init__(self, place: Mapping[str, Any]) -> None:
        try:
            self.server = _connect(place)
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxUnavailable(_words(error)) from None
        try:
            with self._in_time():
                self.server.login(place["USER"], place["PASSWORD"])
                self._ask("SELECT", self.server.select(_quoted(place["PATH"])))
        except (OSError, imaplib.IMAP4.error) as error:
            self.close()
            raise MailboxUnavailable(_words(error)) from None
        except MailboxUnavailable:
            self.close()
            raise

    def waiting(self) -> Iterator[Waiting]:
        uids = self._uid("SEARCH", "UNSEEN")[0] or b""
        for uid in uids.split():
            told = self._uid("FETCH", uid.decode("ascii", "replace"), "(RFC822.SIZE)")
            size = re.search(rb"RFC822\.SIZE (\d{1,18})", _flat(told))
            if size:  # Else another has taken it away meanwhile.
                yield Waiting(uid.decode("ascii"), int(size[1]))

    def content(self, name: str, *, most: int) -> bytes:
        # A part of it, so that no server can make us hold more than we asked for.
        for item in self._uid("FETCH", name, f"(BODY.PEEK[]<0.{most}>)"):
            if isinstance(item, tuple):
                return bytes(item[1])[:most]
        return b""

    def settle(self, name: str) -> None:
        self._uid("STORE", name, "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        for end in (self.server.logout, self.server.shutdown):  # The first may fail half-way.
            with suppress(OSError, imaplib.IMAP4.error), self._in_time():
                end()

    @contextmanager
    def _in_time(self) -> Iterator[None]:
        """Cut the connection off when what is asked in here takes too long."""
        alarm = threading.Timer(PATIENCE, _cut_off, [self.server.sock])
        alarm.daemon = True
        alarm.start()
        try:
            yield
        finally:
            alarm.cancel()

    def _uid(self, command: str, *args: str) -> list[Any]:
        try:
            with self._in_time():
                return self._ask(command, self.server.uid(command, *args))
        except (OSError, imaplib.IMAP4.error) as error:
            raise MailboxUnavailable(_words(error)) from None

    @staticmethod
    def _ask(command: str, answer: tuple[str, list[Any]]) -> list[Any]:
        if answer[0] != "OK":
            raise MailboxUnavailable(f"the server says no to {command}")
        return answer[1]


def _connect(place: Mapping[str, Any]) -> imaplib.IMAP4:
    if place["SCHEME"] == "imap":
        return imaplib.IMAP4(place["HOST"], place["PORT"], timeout=TIMEOUT)
    context = ssl.create_default_context()
    return imaplib.IMAP4_SSL(place["HOST"], place["PORT"], ssl_context=context, timeout=TIMEOUT)


def _cut_off(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _quoted(folder: str) -> str:
    escaped = folder.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _flat(answer: list[Any]) -> bytes:
    """Return what a server told as bytes, literals left out."""
    parts = (item[0] if isinstance(item, tuple) else item for item in answer)
    return b" ".join(part for part in parts if isinstance(part, bytes))


def _is_seen(name: str) -> bool:
    return "S" in name.partition(":2,")[2]


def _words(error: Exception) -> str:
    """Return what is wrong; a server's own words may hold the log-in."""
    if isinstance(error, TimeoutError | socket.gaierror | ConnectionError | ssl.SSLError):
        return f"the server cannot be reached ({type(error).__name__})"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, imaplib.IMAP4.abort):
        return "the server broke off"
    return "the server refused the log-in or a command"
