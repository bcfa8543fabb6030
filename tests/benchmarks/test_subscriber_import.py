"""How many lines a second an import of subscribers takes, and what it keeps in memory."""

import time
import tracemalloc
from pathlib import Path

import pytest

from subscriptions import exporting, importing, roster
from subscriptions.models import Subscriber
from tests.subscriptions.factories import NOON

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]
PEOPLE = 20_000
MOST = 6  # times a rehearsal, which reads and decides but writes nothing


def people(path: Path, number: int, first: int = 0) -> Path:
    with path.open("w") as file:
        file.write("email,frequency,confirmed_at\n")
        for one in range(first, first + number):
            date = "2024-05-01" if one % 2 else ""
            file.write(f"reader-{one}@example.org,weekly,{date}\n")
    return path


def bring(path: Path, *, is_rehearsal: bool = False) -> float:
    """Import the file; return how many lines a second."""
    options = importing.Options("A list on paper", is_rehearsal)
    start = time.perf_counter()
    lines = sum(1 for _ in importing.Import(options, NOON).run(roster.inspect(path)))
    return lines / (time.perf_counter() - start)


def test_import_takes_thousands_of_lines_a_second(tmp_path: Path):
    path = people(tmp_path / "people.csv", PEOPLE)
    speeds = {"rehearsal": bring(path, is_rehearsal=True), "new": bring(path), "again": bring(path)}
    start = time.perf_counter()
    with (tmp_path / "out.csv").open("w", newline="") as file:
        count = sum(1 for _ in exporting.write(file))
    speeds["export"] = count / (time.perf_counter() - start)
    for name, speed in speeds.items():
        print(f"{name:>10}: {speed:8,.0f} lines/s, {speeds['rehearsal'] / speed:.1f} rehearsals")
    assert Subscriber.objects.count() == PEOPLE
    assert speeds["rehearsal"] / speeds["new"] < MOST


def test_memory_grows_by_bytes_per_line(tmp_path: Path):
    peaks = []
    bring(people(tmp_path / "people.csv", 1_000, first=900_000))
    for number in (2_000, 12_000):
        path = people(tmp_path / "people.csv", number, first=number * 10)
        tracemalloc.start()
        bring(path)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    print(f"peak: {peaks[0] / 1e6:.1f} MB for 2,000 lines, {peaks[1] / 1e6:.1f} MB for 12,000")
    assert peaks[1] - peaks[0] < 10_000 * 500  # bytes a line: the addresses seen, as numbers
