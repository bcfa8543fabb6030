"""A lean SMTP server with PIPELINING (RFC 2920), fast enough for tens of thousands of messages.

In a test it answers as its `Sink` says. As a program it takes everything, and tells on each line of
its input how many messages came since the last, in how many seconds, and how many twice:
`python -m tests.subscriptions.sink`.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from tests.subscriptions.relay import DROP, Sink

SILENCE = "silence"  # Never answer; the connection stays.


class Conversation(asyncio.Protocol):
    """One connection: whole lines in, answers out, as many at once as came at once."""

    def __init__(self, sink: "Quick") -> None:
        self.sink, self.rest, self.is_in_data = sink, b"", False
        self.sender, self.to = "", ""
        self.content: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.sink.open.add(transport)
        transport.write(b"220 sink.test\r\n")

    def connection_lost(self, error: Exception | None) -> None:
        self.sink.open.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.rest += data
        answers = []
        while not self.transport.is_closing():
            if self.is_in_data:
                answer = self._content()
            else:
                line, end, rest = self.rest.partition(b"\r\n")
                if not end:
                    break
                self.rest = rest
                answer = self._command(line.decode("latin-1"))
            if answer is None:
                break
            if answer == DROP:
                self.transport.abort()
                return
            if answer == SILENCE:
                self.transport.pause_reading()
                break
            answers.append(answer + "\r\n")
        if answers:
            self.transport.write("".join(answers).encode())

    def _content(self) -> str | None:
        """Take the message once its final dot has come."""
        if self.rest.startswith(b".\r\n"):
            content, rest = b"", self.rest[3:]
        else:
            content, end, rest = self.rest.partition(b"\r\n.\r\n")
            if not end:
                return None
        self.rest, self.is_in_data = rest, False
        reply = self.sink.on_data(self.to)
        if self.to and (not reply or reply in {DROP, SILENCE} or self.sink.is_taking_all):
            content = content.replace(b"\r\n..", b"\r\n.") + b"\r\n"
            self.sink.take(self.sender, self.to, content)
        elif not self.to:
            self.sink.empty += 1
        self.to = ""
        return reply or "250 2.0.0 OK"

    def _command(self, line: str) -> str:
        word = line[:4].upper()
        if word == "MAIL":
            self.sender, self.to = line[11:-1], ""
            return self.sink.on_mail(self.sender) or "250 2.1.0 OK"
        if word == "RCPT":
            reply = self.sink.on_rcpt(line[9:-1]) or "250 2.1.5 OK"
            if reply.startswith("250"):
                self.to = line[9:-1]
            return reply
        if word == "DATA":
            if not self.to and not self.sink.is_eager:
                return "554 5.5.1 no recipient"
            self.is_in_data = True
            return "354 go on"
        if word == "QUIT":
            self.transport.write(b"221 2.0.0 bye\r\n")
            return DROP
        return "250-sink.test\r\n250 PIPELINING" if word == "EHLO" else "250 OK"


class Quick(Sink):
    """A sink for the lean server; notes when each message came."""

    def __init__(self) -> None:
        super().__init__()
        self.is_eager = False  # Answers DATA with 354 also without a recipient, as some do.
        self.empty = 0  # messages for nobody
        self.open: set[asyncio.Transport] = set()
        self.taken_at: dict[str, float] = {}

    def take(self, sender: str, to: str, content: bytes) -> None:
        self.taken_at[to] = time.time()
        self.accepted.append(SimpleNamespace(mail_from=sender, rcpt_tos=[to], content=content))


class Counting(Quick):
    """Keeps numbers instead of messages."""

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    def reset(self) -> None:
        self.count, self.first, self.last, self.seen = 0, 0.0, 0.0, set[str]()

    def take(self, sender: str, to: str, content: bytes) -> None:
        self.last = time.perf_counter()
        self.first = self.first or self.last
        self.count += 1
        self.seen.add(to)

    def report(self) -> str:
        numbers = {"count": self.count, "seconds": self.last - self.first,
                   "duplicates": self.count - len(self.seen)}  # fmt: skip
        self.reset()
        return json.dumps(numbers)


@contextmanager
def listening(sink: Quick) -> Iterator[Quick]:
    """Serve on a free port of this machine until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_start(sink), loop).result(10)
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server, sink), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _start(sink: Quick) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(sink), "127.0.0.1", sink.port)
    sink.port = server.sockets[0].getsockname()[1]
    return server


async def _stop(server: asyncio.Server, sink: Quick) -> None:
    server.close()
    for transport in list(sink.open):
        transport.abort()
    await asyncio.sleep(0)  # Once round the loop: what is aborted is closed by then.


def main() -> None:
    sink = Counting()
    with listening(sink):
        _tell(sink.port)
        for _ in sys.stdin:
            _tell(sink.report())


def _tell(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
