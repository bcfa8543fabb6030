"""Ring the noon bell by hand, and send until nothing is due."""

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.progress import Progress

from subscriptions import digest, sending
from subscriptions.models import Delivery, Issue
from subscriptions.sending import Report


class Command(BaseCommand):
    help = "Open the issues that are due and send until nothing is. Safe to run twice, or at once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--now", type=_moment, help="Pretend it is this moment, such as 2026-03-29T12:00."
        )

    def handle(self, *args: Any, now: datetime | None = None, **options: Any) -> None:
        clock = _clock_from(now)
        for issue in digest.ring(clock()):
            self.stdout.write(f"{issue}: {issue.get_state_display().lower()}")
        touched = list(Issue.objects.sending().values_list("pk", flat=True))
        report = self._send(clock)
        for issue in Issue.objects.with_accounting().filter(pk__in=touched).order_by("pk"):
            self.stdout.write(f"{issue}: {issue.account()}")
        if report.trouble:
            raise CommandError(f"Stopped early: {report.trouble}. The next ring goes on.")

    def _send(self, clock: Callable[[], datetime]) -> Report:
        """Send, with a bar on a terminal. SIGTERM finishes the message in flight first."""
        waiting = Delivery.objects.open().filter(issue__in=Issue.objects.sending()).count()
        is_shown = waiting and self.stdout.isatty()
        with _stopping() as stopping, Progress(disable=not is_shown, transient=True) as progress:
            bar = progress.add_task("Sending", total=waiting)
            return sending.send(
                clock=clock,
                should_stop=stopping.is_set,
                on_outcome=lambda state: progress.advance(bar),
            )


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Yield an event that SIGTERM sets, in place of ending the process there and then."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return
    before = signal.signal(signal.SIGTERM, lambda *_: event.set())
    try:
        yield event
    finally:
        signal.signal(signal.SIGTERM, before)


def _moment(text: str) -> datetime:
    """Return the moment; without an offset it is meant in the site's zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.ZONE)


def _clock_from(now: datetime | None) -> Callable[[], datetime]:
    """Return a clock that shows `now` at this moment and goes on from there."""
    if now is None:
        return timezone.now
    offset = now - timezone.now()
    return lambda: timezone.now() + offset
