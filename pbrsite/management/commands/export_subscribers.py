"""Write the subscribers to a CSV file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from subscriptions import exporting


class Command(BaseCommand):
    help = (
        "Write everybody whose address is known to a CSV file that import_subscribers reads: "
        "email, frequency, tags, confirmed_at and state."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="without it, to standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path | None = options["file"]
        if path is None:
            self._write(cast("IO[str]", self.stdout), is_quiet=True)
            return
        try:
            with _private(path) as file:
                count = self._write(file, is_quiet=not sys.stderr.isatty())
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        self.stdout.write(f"{count} subscribers written to {path}")

    def _write(self, file: IO[str], *, is_quiet: bool) -> int:
        """Write them with a bar on a terminal; return how many."""
        total, count = None if is_quiet else exporting.everybody().count(), 0
        columns = (TextColumn("Subscribers"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        with Progress(*columns, console=console, disable=is_quiet, transient=True) as progress:
            bar = progress.add_task("", total=total)
            for count in exporting.write(file):
                progress.update(bar, completed=count)
        return count


@contextmanager
def _private(path: Path) -> Iterator[IO[str]]:
    """Open a file only its owner may read; it takes its name once it is whole."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
