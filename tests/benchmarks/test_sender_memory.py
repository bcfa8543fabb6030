"""What the sender keeps in memory for a small audience and for a large."""

import os
import subprocess
from pathlib import Path

import pytest
from django.db import connection

from subscriptions.models import Delivery, Issue
from tests.subscriptions.factories import NOON, open_issue
from tests.subscriptions.processes import end_all, start_sender
from tests.subscriptions.sink import Counting, listening

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]
PEOPLE = int(os.environ.get("BENCHMARK_PEOPLE", "100000"))
CONNECTIONS = 4
MOST = 1.1


def peak(sender: "subprocess.Popen[bytes]") -> int:
    """Wait for the process to end; return the most memory it held, in bytes."""
    _, status, used = os.wait4(sender.pid, 0)
    sender.returncode = os.waitstatus_to_exitcode(status)
    assert sender.returncode == 0
    return used.ru_maxrss * 1024


def test_memory_of_the_sender_does_not_grow_with_the_audience(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    open_issue(people=PEOPLE)
    few, peaks = max(PEOPLE // 100, 100), []
    with listening(Counting()) as sink:
        for people in (few, PEOPLE):
            with connection.cursor() as cursor:
                cursor.execute("UPDATE subscriptions_delivery SET state = 'sent', next_at = NULL")
            some = Delivery.objects.order_by("pk").values("pk")[:people]
            Delivery.objects.filter(pk__in=some).update(state="pending", next_at=NOON)
            Issue.objects.update(state=Issue.State.SENDING, done_at=None)
            try:
                peaks.append(peak(start_sender(sink, tmp_path / "log", connections=CONNECTIONS)))
            finally:
                end_all()
    ratio = peaks[1] / peaks[0]
    with capsys.disabled():
        print(
            f"\nsender: {peaks[0] / 1e6:.1f} MB for {few:,} people, "
            f"{peaks[1] / 1e6:.1f} MB for {PEOPLE:,}: ratio {ratio:.3f}"
        )
    assert ratio <= MOST
