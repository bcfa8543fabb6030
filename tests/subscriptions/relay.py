"""A real SMTP server for the tests, which can be told to misbehave."""

import asyncio
import email
import email.policy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP

Reply = Callable[[str], str]  # From the recipient to the relay's line; "" means "250 OK".
DROP = "drop"  # Close the connection instead of answering.


class Sink:
    """Keeps what it accepts; `on_mail`, `on_rcpt` and `on_data` may answer otherwise."""

    def __init__(self) -> None:
        self.accepted: list[Any] = []
        self.on_mail: Reply = lambda sender: ""
        self.on_rcpt: Reply = lambda to: ""
        self.on_data: Reply = lambda to: ""
        self.is_taking_all = False  # Also what it answers with something other than "OK".
        self.port = 0

    async def handle_MAIL(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str,
                          options: list[str]) -> str:  # fmt: skip
        reply = _answer(self.on_mail(address), server)
        if reply.startswith("250"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Any, address: str,
                          options: list[str]) -> str:  # fmt: skip
        reply = _answer(self.on_rcpt(address), server)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        reply = self.on_data(envelope.rcpt_tos[0])
        if not reply or reply == DROP or self.is_taking_all:
            self.accepted.append(envelope)
        return _answer(reply, server)

    @property
    def recipients(self) -> list[str]:
        return [envelope.rcpt_tos[0] for envelope in self.accepted]

    @property
    def messages(self) -> list[EmailMessage]:
        return [parse(envelope.content) for envelope in self.accepted]


def _answer(reply: str, server: Any) -> str:
    if reply == DROP:
        server.transport.close()
    return reply or "250 2.0.0 OK"


def parse(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


@contextmanager
def running(sink: Sink, **options: Any) -> Iterator[Sink]:
    """Serve on a free port of this machine until the block ends; `options` are the server's."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> asyncio.Server:
        return await loop.create_server(lambda: _server(sink, loop, options), "127.0.0.1", 0)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def _server(sink: Sink, loop: asyncio.AbstractEventLoop, options: dict[str, Any]) -> SMTP:
    return SMTP(sink, enable_SMTPUTF8=False, hostname="relay.test", loop=loop, **options)


async def _stop(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
