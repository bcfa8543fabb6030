"""What a flood of posts costs readers, on the real server: `pytest -m benchmark -s`.

Pages are read one after another, in rounds with and without somebody posting two hundred comments
a second from one address; the ratio of the medians is what counts. With the readers, the flood and
Postgres on the same cores, this is harder than it is for a site.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings

from comments import intake
from comments.models import Comment
from tests.comments.factories import signed_fields
from tests.factories import make_post
from tests.subscriptions.processes import database_url

pytestmark = [pytest.mark.benchmark, pytest.mark.django_db(transaction=True)]
POSTS_A_SECOND = 200
READS, ROUNDS = 150, 5
MOST = 1.5


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = int(probe.getsockname()[1])
    environment = os.environ | {
        "DATABASE_URL": database_url(), "VAR_DIR": str(tmp_path), "PAGE_CACHE_MB": "64",
        "SITE_URL": f"http://127.0.0.1:{number}",
    }  # fmt: skip
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    quiet: dict[str, Any] = {
        "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL,
    }  # fmt: skip
    subprocess.run([*manage, "collectstatic", "--noinput"], check=True, **quiet)
    server = subprocess.Popen([*manage, "serve", "--no-jobs", "--port", str(number)], **quiet)
    try:
        _wait(number)
        yield number
    finally:
        server.terminate()
        server.wait(60)


def _wait(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("The server did not start.")


class Flood(threading.Thread):
    """Posts at an even rate over one connection, each time another form; counts the answers."""

    def __init__(self, port: int, address: str, forms: Iterator[bytes]) -> None:
        super().__init__()
        self.target, self.address, self.forms = port, address, forms
        self.answers: Counter[int] = Counter()
        self.is_over = threading.Event()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=30)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        next_at = time.monotonic()
        while not self.is_over.wait(max(0.0, next_at - time.monotonic())):
            next_at += 1 / POSTS_A_SECOND
            connection.request("POST", self.address, next(self.forms), headers)
            answer = connection.getresponse()
            answer.read()
            self.answers[answer.status] += 1
        connection.close()


def forms(fields: dict[str, str]) -> Iterator[bytes]:
    """Yield forms that differ in name, address and words, as a flood's do."""
    for number in count():
        words = f"Spam number {number}, word{number % 97} and offer{number % 89}. " * 10
        other = {"name": f"Ann {number}", "email": f"ann{number}@example.org", "body": words}
        yield urlencode(fields | other).encode()


def reads(port: int, address: str) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    taken = []
    for _ in range(READS):
        started = time.perf_counter()
        connection.request("GET", address)
        answer = connection.getresponse()
        answer.read()
        taken.append(time.perf_counter() - started)
        assert answer.status == 200
        time.sleep(0.005)  # A reader does not ask again at once.
    connection.close()
    return taken


def test_flood_from_one_network_does_not_slow_the_readers(port, capsys):
    post = make_post(body="<p>Probation and results.</p>" * 100)
    page, form = f"/{post.slug}/", f"/{post.slug}/comments/"
    varied = forms(signed_fields(post))
    reads(port, page)
    quiet, flooded, answers, seconds = [], [], Counter[int](), 0.0
    for _ in range(ROUNDS):
        quiet.append(statistics.median(reads(port, page)))
        flood, started = Flood(port, form, varied), time.monotonic()
        flood.start()
        flooded.append(statistics.median(reads(port, page)))
        flood.is_over.set()
        flood.join()
        answers, seconds = answers + flood.answers, seconds + time.monotonic() - started
    ratio = statistics.median(flooded) / statistics.median(quiet)
    with capsys.disabled():
        print(
            f"\n{answers.total() / seconds:.0f} posts a second {dict(answers)}: a page takes"
            f" {1000 * statistics.median(flooded):.2f} ms instead of"
            f" {1000 * statistics.median(quiet):.2f}, ratio {ratio:.2f}"
        )
    _, most = intake.MOST["network"]  # Within ten minutes; it fills again meanwhile.
    assert 0 < Comment.objects.count() <= 2 * most
    assert ratio <= MOST
