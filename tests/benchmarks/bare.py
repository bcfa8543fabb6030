"""Bare sending of prebuilt bytes, to compare with: `smtplib.sendmail`, and pipelined by hand.

`python -m tests.benchmarks.bare PORT FILE COUNT CONNECTIONS [--pipelined]`: COUNT messages of the
bytes in FILE, each to an address of its own, over so many connections in as many threads.
"""

import smtplib
import socket
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SENDER = "editors@example.org"


def plain(port: int, content: bytes, people: Iterable[int]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as relay:
        _at_once(relay)
        for number in people:
            relay.sendmail(SENDER, [f"bare-{number}@example.org"], content)


def pipelined(port: int, content: bytes, people: Iterable[int]) -> None:
    with smtplib.SMTP("127.0.0.1", port) as relay:
        relay.ehlo()
        wire_to = _at_once(relay)
        wire = content + b".\r\n"
        for number in people:
            wire_to.sendall(
                f"MAIL FROM:<{SENDER}>\r\nRCPT TO:<bare-{number}@example.org>\r\nDATA\r\n".encode()
            )
            codes = [relay.getreply()[0] for _ in range(3)]
            wire_to.sendall(wire)
            assert [*codes, relay.getreply()[0]] == [250, 250, 354, 250]


def _at_once(relay: smtplib.SMTP) -> socket.socket:
    """Have small writes not wait for each other, as the site does; return the socket."""
    assert relay.sock
    relay.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return relay.sock


def main(port: str, file: str, count: str, connections: str, *options: str) -> None:
    content, number = Path(file).read_bytes(), int(connections)
    send = pipelined if "--pipelined" in options else plain
    with ThreadPoolExecutor(number) as pool:
        shares = [range(first, int(count), number) for first in range(number)]
        list(pool.map(lambda share: send(int(port), content, share), shares))


if __name__ == "__main__":
    main(*sys.argv[1:])
