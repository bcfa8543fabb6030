"""How fast an issue goes out, beside bare sending of ready bytes: `pytest -m benchmark -s`.

Sink, senders and Postgres are processes of their own on the same cores; each message of ours costs
a durable commit. What counts is the ratio, in the same run and over as many connections.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from subscriptions.message import Pattern
from subscriptions.models import Delivery, Issue
from tests.subscriptions.factories import NOON, SECOND, open_issue
from tests.subscriptions.processes import database_url

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]
PEOPLE = int(os.environ.get("BENCHMARK_PEOPLE", "4000"))
ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "3"))
LEAST = 0.6  # of bare smtplib
MOMENT = (NOON + 2 * SECOND).isoformat()


class SinkProcess:
    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.subscriptions.sink"], text=True, cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.port = int(self._line())

    def rate(self) -> float:
        """Return messages a second between the first and the last since this was last asked."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        numbers = json.loads(self._line())
        assert (numbers["count"], numbers["duplicates"]) == (PEOPLE, 0)
        return float((numbers["count"] - 1) / numbers["seconds"])

    def _line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()


@pytest.fixture
def sink() -> Iterator[SinkProcess]:
    sink = SinkProcess()
    try:
        yield sink
    finally:
        sink.process.kill()
        sink.process.communicate()


def reopen() -> None:
    """Have the whole issue sent again; the tables as tidy as after a night."""
    Delivery.objects.update(state="pending", next_at=NOON, worker=None, attempt=0)
    Issue.objects.update(state=Issue.State.SENDING, done_at=None)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE subscriptions_delivery")
        cursor.execute("CHECKPOINT")


def ours(sink: SinkProcess, *, connections: int, processes: int = 1) -> float:
    reopen()
    environment = os.environ | {
        "DATABASE_URL": database_url(), "EMAIL_URL": f"smtp://127.0.0.1:{sink.port}",
    }  # fmt: skip
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "send_digest",
               "--now", MOMENT, "--connections", str(connections)]  # fmt: skip
    quiet: Any = {"env": environment, "stdout": subprocess.DEVNULL}
    started = [subprocess.Popen(command, **quiet) for _ in range(processes)]
    assert [process.wait(300) for process in started] == [0] * processes
    return sink.rate()


def bare(sink: SinkProcess, file: Path, connections: int, *options: str) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.bare", str(sink.port), str(file)]
    words = [*command, str(PEOPLE), str(connections), *options]
    subprocess.run(words, check=True, cwd=settings.BASE_DIR)
    return sink.rate()


def test_sending_with_a_ledger_is_not_much_slower_than_without(
    sink: SinkProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    open_issue(people=PEOPLE)
    delivery = Delivery.objects.select_related("edition__issue")[0]
    file = tmp_path / "message"
    file.write_bytes(Pattern(delivery.edition).letter(1, "reader@example.org").content)
    ratios = []
    with capsys.disabled():
        print(f"\n{PEOPLE} messages of {file.stat().st_size / 1000:.1f} kB, best of {ROUNDS}")
        for connections in (1, 2, 4):
            best = dict.fromkeys(("bare", "pipelined", "ours", "processes"), 0.0)
            for _ in range(ROUNDS):
                best["bare"] = max(best["bare"], bare(sink, file, connections))
                best["pipelined"] = max(
                    best["pipelined"], bare(sink, file, connections, "--pipelined")
                )
                best["ours"] = max(best["ours"], ours(sink, connections=connections))
                if connections > 1:
                    rate = ours(sink, connections=1, processes=connections)
                    best["processes"] = max(best["processes"], rate)
            ratios.append(best["ours"] / best["bare"])
            print(
                f"{connections} connections: ours {best['ours']:6,.0f}/s, "
                f"in as many processes {best['processes']:6,.0f}/s; bare {best['bare']:6,.0f}/s, "
                f"ratio {ratios[-1]:.2f}; pipelined {best['pipelined']:6,.0f}/s, "
                f"ratio {best['ours'] / best['pipelined']:.2f}"
            )
    assert min(ratios) >= LEAST
