"""A background worker that comes back: `serve` starts one for each of its `--workers`."""

import contextlib
import logging
import signal
import subprocess
import sys
import time
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

FIRST_PAUSE, LONGEST_PAUSE = 1, 30  # Seconds before it is started again; each pause is doubled.
STEADY = 60  # Seconds after which a worker that stops counts as having worked.
LISTENING = 0.5  # Seconds.

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run a background worker until SIGTERM; one that stops by itself is started again."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        pause = FIRST_PAUSE
        while not stopping.is_set():
            started = time.monotonic()
            status = _run_until_it_ends(stopping)
            if stopping.is_set():
                break
            pause = FIRST_PAUSE if time.monotonic() - started > STEADY else pause
            logger.error("The worker ended with %s; again in %s s", status, pause)
            stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


def _run_until_it_ends(stopping: Event) -> int:
    """Run one worker and return its exit status; told to stop, it finishes what it is at.

    A process of its own: one that lost its database ends, and the next starts with nothing of it.
    It is told again and again, since what comes before it listens is lost.
    """
    worker = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, str(settings.BASE_DIR / "manage.py"), "procrastinate", "worker",
         "--concurrency", "4", "--shutdown-graceful-timeout", "2",
         "--delete-jobs", "successful"],
        preexec_fn=_bear_a_second_sigterm,
    )  # fmt: skip
    logger.info("Worker started as process %s", worker.pid)
    while worker.poll() is None:
        if stopping.wait(LISTENING):
            worker.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                worker.wait(LISTENING)
    return worker.returncode


def _bear_a_second_sigterm() -> None:
    """Let a worker that is stopping not die of being told once more.

    A supervisor tells all processes of a group. Procrastinate listens to the first SIGTERM and
    then gives back the handling it found, which would be to die in the middle of a message.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
