"""A small IMAP server (RFC 3501) for the tests: one folder, one log-in, what is asked of it."""

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

USER, PASSWORD = "bounces", "correct horse"


@dataclass
class Folder:
    messages: list[bytes]
    seen: set[int] = field(default_factory=set)  # by number, from 1
    is_dropping: bool = False  # Close the connection at the first message.
    is_endless: bool = False  # Say without end that it is still searching.
    port: int = 0

    @property
    def place(self) -> dict[str, Any]:
        return {"SCHEME": "imap", "HOST": "127.0.0.1", "PORT": self.port, "USER": USER,
                "PASSWORD": PASSWORD, "PATH": "INBOX"}  # fmt: skip


class _Session(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.wfile.write(b"* OK ready\r\n")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            tag, _, command = line.partition(" ")
            answer = self._answer(command)
            if answer is None:
                return
            self.wfile.write(f"{tag} {answer}\r\n".encode())
            if command == "LOGOUT":
                return

    def _answer(self, command: str) -> str | None:
        folder: Folder = self.server.folder  # type: ignore[attr-defined]
        if command.startswith("LOGIN") and f'{USER} "{PASSWORD}"' not in command:
            return "NO wrong"
        if command == "CAPABILITY":
            self.wfile.write(b"* CAPABILITY IMAP4rev1\r\n")
        elif command.startswith("SELECT"):
            self.wfile.write(f"* {len(folder.messages)} EXISTS\r\n".encode())
        elif command.startswith("UID SEARCH") and folder.is_endless:
            self._search_on()
            return None
        elif command.startswith("UID SEARCH"):
            numbers = (str(n) for n in range(1, len(folder.messages) + 1) if n not in folder.seen)
            self.wfile.write(f"* SEARCH {' '.join(numbers)}\r\n".encode())
        elif found := re.match(r"UID (FETCH|STORE) (\d+) (.*)", command):
            return self._message(folder, int(found[2]), found[3])
        return "OK done"

    def _search_on(self) -> None:
        with suppress(OSError):
            while True:
                self.wfile.write(b"* OK still searching\r\n")

    def _message(self, folder: Folder, number: int, wanted: str) -> str | None:
        content = folder.messages[number - 1]
        if "FLAGS" in wanted:
            folder.seen.add(number)
        elif "SIZE" in wanted:
            line = f"* {number} FETCH (UID {number} RFC822.SIZE {len(content)})\r\n"
            self.wfile.write(line.encode())
        elif folder.is_dropping:
            return None
        else:
            head = f"* {number} FETCH (UID {number} BODY[]<0> {{{len(content)}}}\r\n"
            self.wfile.write(head.encode() + content + b")\r\n")
        return "OK done"


@contextmanager
def running(messages: list[bytes]) -> Iterator[Folder]:
    """Serve on a free port of this machine until the block ends."""
    folder = Folder(messages)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Session) as server:
        server.folder, server.daemon_threads = folder, True  # type: ignore[attr-defined]
        folder.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield folder
        server.shutdown()
        thread.join()
