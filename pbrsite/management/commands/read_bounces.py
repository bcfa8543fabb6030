"""Read the mailbox of returned mail by hand."""

from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.progress import Progress

from subscriptions.feedback import inbox


class Command(BaseCommand):
    help = (
        "Read what waits in BOUNCE_MAILBOX: bounces, complaints and self-checks. The worker does "
        "it every five minutes. Safe to run twice, or at once."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what is there; write and mark nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.BOUNCE_MAILBOX:
            raise CommandError("BOUNCE_MAILBOX is not set: there is no mailbox to read.")
        totals: Counter[str] = Counter()
        with Progress(disable=not self.stdout.isatty(), transient=True) as progress:
            bar = progress.add_task("Reading", total=None)
            while True:
                report = inbox.read(
                    timezone.now(), is_rehearsal=options["dry_run"],
                    on_message=lambda outcome: progress.advance(bar),
                )  # fmt: skip
                totals += report.counts
                if options["dry_run"] or report.counts.total() < inbox.AT_ONCE:
                    break
        if report.is_another_reading:
            raise CommandError("Somebody else is reading the mailbox just now.")
        for outcome, count in sorted(totals.items()):
            self.stdout.write(f"{count:6} {outcome}")
        if report.trouble:
            raise CommandError(f"Stopped early: {report.trouble}.")
        if not totals:
            self.stdout.write("Nothing new.")
