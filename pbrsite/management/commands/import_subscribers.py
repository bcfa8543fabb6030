"""Bring subscribers here from a CSV file."""

import re
import sys
from collections import Counter
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from subscriptions import importing, roster
from subscriptions.importing import LONGEST_CONSENT, OUTCOMES, Import, Options, Outcome

AGAIN = "What was written before stays and is whole; run the command again for the rest."


class Command(BaseCommand):
    help = (
        "Import subscribers from a CSV file with the columns email, frequency, tags, confirmed_at "
        "(the first is enough; tags are separated by |). People are mailed a confirmation, unless "
        "the line has confirmed_at and --consent is given. Safe to run again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the .csv file, in UTF-8")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, only")
        parser.add_argument(
            "--consent", default="", metavar="TEXT",
            help="where and when they agreed; kept with each person as proof",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        consent = options["consent"].strip()
        if len(consent) > LONGEST_CONSENT or "\x00" in consent:
            raise CommandError(f"--consent takes one line of {LONGEST_CONSENT} characters at most.")
        try:
            file_format = roster.inspect(options["file"])
        except roster.UnreadableFile as error:
            raise CommandError(f"Nothing was imported. {error}") from None
        counts: Counter[str] = Counter()
        trouble = ""
        try:
            self._run(file_format, Options(consent, options["dry_run"]), counts)
        except KeyboardInterrupt:
            trouble = f"The import was broken off. {AGAIN}"
        except Error as error:  # Its message may hold an address.
            trouble = f"The import stopped: {type(error).__name__}. {AGAIN}"
        self._sum_up(counts, file_format, options["dry_run"], consent)
        if trouble:
            raise CommandError(trouble)

    def _run(self, file_format: roster.Format, options: Options, counts: Counter[str]) -> None:
        """Import with one line of report for each of the file, and a bar on a terminal."""
        columns = (TextColumn("Lines"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        is_terminal = self.stdout.isatty()
        console = (
            Console(file=cast("IO[str]", self.stdout._out)) if is_terminal else Console(stderr=True)
        )
        is_quiet = not (is_terminal or sys.stderr.isatty())
        with Progress(*columns, console=console, disable=is_quiet, transient=True) as progress:
            bar = progress.add_task("", total=file_format.rows)
            for outcome in Import(options, timezone.now()).run(file_format):
                counts[outcome.outcome] += 1
                if is_terminal:  # Above the bar.
                    console.print(
                        self._words(outcome), markup=False, highlight=False, soft_wrap=True
                    )
                else:
                    self.stdout.write(self._words(outcome))
                progress.advance(bar)

    def _words(self, outcome: Outcome) -> str:
        """Return the line of the report; an address is shown on a terminal, never in a file."""
        email, reason = outcome.email, outcome.reason
        if not self.stdout.isatty():
            email, reason = "", re.sub(r"\S+@\S+", "…", reason)  # A cell in the wrong column.
        words = f"line {outcome.number}: {outcome.outcome} {email}".rstrip()
        return _printable(f"{words}: {reason}" if reason else words)

    def _sum_up(
        self, counts: Counter[str], file_format: roster.Format, is_rehearsal: bool, consent: str
    ) -> None:
        self.stdout.write(", ".join(f"{name} {counts[name]}" for name in OUTCOMES))
        if "confirmed_at" in file_format.columns and not consent:
            self.stdout.write(
                "confirmed_at was not used as proof. Say with --consent where and when they agreed."
            )
        if counts[importing.CREATED] and not is_rehearsal:
            self.stdout.write("Whoever was created is mailed a confirmation, one after the other.")
        if is_rehearsal:
            self.stdout.write("A rehearsal: nothing was written.")


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}"
                   for letter in text)  # fmt: skip
