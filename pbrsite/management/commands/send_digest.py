"""Ring the noon bell by hand, and send until nothing is due."""

import signal
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from subscriptions import digest, ledger, sending
from subscriptions.models import Issue
from subscriptions.sending import Report

SHOWN_EVERY = 0.25  # Seconds: drawing the bar costs as much as sending a message.


class Command(BaseCommand):
    help = (
        "Open the issues that are due and send until nothing is. What is to be tried again later "
        "is not waited for. Safe to run twice, or at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--now", type=_moment, help="Pretend it is this moment, such as 2026-03-29T12:00."
        )
        parser.add_argument(
            "--connections", type=_connections, default=settings.MAIL_CONNECTIONS, metavar="N",
            help="Connections to the relay at once, 1 to 16 (MAIL_CONNECTIONS: %(default)s).",
        )  # fmt: skip

    def handle(
        self, *args: Any, now: datetime | None = None, connections: int, **options: Any
    ) -> None:
        clock = _clock_from(now)
        for issue in digest.ring(clock()):
            self.stdout.write(f"{issue}: {issue.get_state_display().lower()}")
        touched = list(Issue.objects.sending().values_list("pk", flat=True))
        report = self._send(clock, connections)
        if report.trouble == sending.DATABASE_GONE:
            raise CommandError(f"Stopped early: {report.trouble}. The next ring goes on.")
        for issue in Issue.objects.with_accounting().filter(pk__in=touched).order_by("pk"):
            self.stdout.write(f"{issue}: {issue.account()}")
        self._tell_what_waits(clock())
        if report.trouble:
            raise CommandError(f"Stopped early: {report.trouble}. The next ring goes on.")

    def _send(self, clock: Callable[[], datetime], connections: int) -> Report:
        """Send, with a bar on a terminal. SIGTERM and Ctrl-C finish what is in flight first."""
        waiting, _ = ledger.waiting()
        with _stopping() as stopping, _bar(waiting if self.stdout.isatty() else 0) as advance:
            return sending.send(
                clock=clock, should_stop=stopping.is_set, on_outcome=advance,
                connections=connections,
            )  # fmt: skip

    def _tell_what_waits(self, now: datetime) -> None:
        count, first = ledger.waiting()
        if count and first:
            moment = max(first, now).astimezone(settings.ZONE)
            self.stdout.write(
                f"{count} still to be sent, the next at {moment:%H:%M:%S}. "
                "The background worker, or this command again, goes on with it."
            )


@contextmanager
def _bar(total: int) -> Iterator[Callable[[str], None]]:
    """Yield what counts an outcome; with a total, on a bar with the rate and the time left."""
    columns = (
        TextColumn("Sending"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"), TimeRemainingColumn(),
    )  # fmt: skip
    done, drawn_at = 0, 0.0
    with Progress(*columns, disable=not total, transient=True, auto_refresh=False) as progress:
        bar = progress.add_task("", total=total, rate=0.0)

        def advance(state: str) -> None:
            nonlocal done, drawn_at
            done += 1
            now = progress.get_time()
            if total and (now - drawn_at > SHOWN_EVERY or done == total):
                drawn_at = now
                elapsed = progress.tasks[0].elapsed or 1.0
                progress.update(bar, completed=done, rate=done / elapsed, refresh=True)

        yield advance


@contextmanager
def _stopping() -> Iterator[threading.Event]:
    """Yield an event that SIGTERM and SIGINT set, in place of ending the process there and then."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return
    signals = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: event.set()) for number in signals]
    try:
        yield event
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def _connections(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= ledger.MOST_CONNECTIONS):
        raise ArgumentTypeError(f"{text} is not a whole number from 1 to {ledger.MOST_CONNECTIONS}")
    return int(text)


def _moment(text: str) -> datetime:
    """Return the moment; without an offset it is meant in the site's zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(
            f"“{text}” is no moment. Write one such as 2026-03-29T12:00"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.ZONE)


def _clock_from(now: datetime | None) -> Callable[[], datetime]:
    """Return a clock that shows `now` at this moment and goes on from there."""
    if now is None:
        return timezone.now
    offset = now - timezone.now()
    return lambda: timezone.now() + offset
