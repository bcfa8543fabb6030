"""Senders as processes of their own, and what the ledger says afterwards."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from subscriptions.models import Issue
from tests.subscriptions.factories import NOON, SECOND
from tests.subscriptions.relay import Sink

MOMENT = (NOON + 2 * SECOND).isoformat()
_started: list["subprocess.Popen[bytes]"] = []


def database_url() -> str:
    """Return the test's own database as a URL, also when it is the embedded server's socket."""
    parts = connection.get_connection_params()
    host, user = quote(str(parts.get("host", "")), safe=""), parts.get("user", "postgres")
    password = f":{quote(parts['password'])}" if parts.get("password") else ""
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"postgres://{user}{password}@{host}{port}/{parts['dbname']}"


def start(
    relay: Sink, log: Path, *command: str, options: str = "", **environment: str
) -> "subprocess.Popen[bytes]":
    """Start a command of the site as a process of its own on this test's database and relay."""
    own = {"DATABASE_URL": database_url()} if "VAR_DIR" not in environment else {}
    values = {
        **os.environ,
        **own,
        "EMAIL_URL": f"smtp://127.0.0.1:{relay.port}{options}",
        "PYTHONUNBUFFERED": "1",
        **environment,
    }
    words = [sys.executable, str(settings.BASE_DIR / "manage.py"), *command]
    with log.open("ab") as output:
        process = subprocess.Popen(words, env=values, stdout=output, stderr=output)
    _started.append(process)
    return process


def start_sender(
    relay: Sink, log: Path, *, connections: int = 1, moment: str = MOMENT, options: str = "",
    **environment: str,
) -> "subprocess.Popen[bytes]":  # fmt: skip
    command = ("send_digest", "--now", moment, "--connections", str(connections))
    return start(relay, log, *command, options=options, **environment)


def end_all() -> None:
    while _started:
        process = _started.pop()
        process.kill()
        process.wait(10)


def wait_until(condition: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for(relay: Sink, count: int, sender: "subprocess.Popen[bytes]") -> None:
    """Wait until the relay has so many, or the sender has ended."""
    wait_until(lambda: len(relay.accepted) >= count or sender.poll() is not None)


def accounting() -> Any:
    return Issue.objects.with_accounting().get(kind="daily")
