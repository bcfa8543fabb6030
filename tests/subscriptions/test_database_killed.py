"""Postgres is killed in the middle of a send: a server of this test's own, with its children."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from pbrsite.database import server
from tests.subscriptions.processes import end_all, start_sender, wait_for
from tests.subscriptions.sink import Quick, listening

pytestmark = pytest.mark.fault
PEOPLE = 3000
CONNECTIONS = 2
FILL = f"from tests.subscriptions.factories import open_issue; open_issue(people={PEOPLE})"
COUNT = """
SELECT d.state, count(*) FROM subscriptions_delivery d GROUP BY 1
UNION ALL SELECT 'issue ' || state, 1 FROM subscriptions_issue
"""


@pytest.fixture
def var(tmp_path: Path) -> Iterator[Path]:
    """Return a VAR_DIR with an embedded Postgres that holds a frozen issue."""
    folder = tmp_path / "var"
    values = os.environ | {"VAR_DIR": str(folder), "PYTHONPATH": str(settings.BASE_DIR)}
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    for command in (["migrate"], ["shell", "-c", FILL]):
        subprocess.run([*manage, *command, "-v0"], check=True, env=values, capture_output=True)
    server.ensure_running(folder / "postgres")
    try:
        yield folder
    finally:
        end_all()
        server.release((folder / "postgres").resolve())


def kill_postgres(data: Path) -> None:
    """Kill the server and all its children with SIGKILL, and wait until they are gone."""
    first = int((data / "postmaster.pid").read_text().split()[0])
    children = subprocess.run(
        ["/bin/ps", "--ppid", str(first), "-o", "pid="], check=True, capture_output=True, text=True
    )
    everyone = [first, *map(int, children.stdout.split())]
    for pid in everyone:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/cwd").exists() for pid in everyone):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ledger(data: Path) -> Counter[str]:
    with psycopg.connect(host=str(server.socket_folder(data)), user="postgres",
                         dbname="postgres") as connection:  # fmt: skip
        return Counter(dict(connection.execute(COUNT).fetchall()))


def test_postgres_killed_in_the_middle_of_a_send(
    var: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    data, log, kills = (var / "postgres").resolve(), tmp_path / "log", 3
    with listening(Quick()) as sink:
        for number in range(kills):
            sender = start_sender(sink, log, connections=CONNECTIONS, VAR_DIR=str(var))
            wait_for(sink, (number + 1) * 500, sender)
            kill_postgres(data)
            assert sender.wait(30) == 1
        assert log.read_text().count("Stopped early: the database does not answer.") == kills
        assert "Traceback" not in log.read_text()
        last = start_sender(sink, log, connections=CONNECTIONS, VAR_DIR=str(var))
        assert last.wait(120) == 0, log.read_text()[-2000:]
        copies, states = Counter(sink.recipients), ledger(data)
    lost = PEOPLE - states["sent"] - states["unknown"]
    with capsys.disabled():
        print(  # noqa: T201
            f"\nkill -9 of Postgres: kills {kills}, recipients {PEOPLE}, lost {lost}, "
            f"unknown {states['unknown']}, duplicates {copies.total() - len(copies)}"
        )
    assert lost == 0
    assert copies.total() == len(copies)
    assert states["sent"] <= len(copies)
    assert states["unknown"] <= kills * CONNECTIONS
    assert states["issue done"] == 1
