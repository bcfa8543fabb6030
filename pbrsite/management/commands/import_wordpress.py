"""Bring the posts and comments of a WordPress blog here."""

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from pbrsite.wordpress import importing
from pbrsite.wordpress.importing import BusyError, Options
from pbrsite.wordpress.items import UnreadableError
from pbrsite.wordpress.report import OUTCOMES, Report

WIDTH = 100  # columns of the printed report
KEPT = "What was written before stays and is whole; run the command again to finish."


class Command(BaseCommand):
    help = (
        "Import a WordPress export (Tools, Export, “All content”): posts with their authors, "
        "categories, tags and comments. Safe to run again: what is here and unchanged stays."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the .xml file")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, only")
        parser.add_argument("--media", type=Path, help="a copy of wp-content/uploads, for images")
        parser.add_argument("--json", action="store_true", help="the report as one JSON object")
        parser.add_argument(
            "--again", action="store_true", help="also posts that were deleted here"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if (media := options["media"]) and not media.is_dir():
            raise CommandError(f"{media} is no folder. Name the copy of wp-content/uploads.")
        chosen = Options(media, options["dry_run"], options["again"])
        result, trouble = Report(), ""
        try:
            self._run(options["file"], result, chosen)
        except (UnreadableError, BusyError) as error:
            trouble = f"Nothing was imported. {error}"
        except (Error, OSError) as error:
            trouble = f"The import stopped: {str(error).strip()}. {KEPT}"
        except KeyboardInterrupt:
            trouble = f"The import was broken off. {KEPT}"
        show = self._write_json if options["json"] else self._write_tables
        show(result, trouble)
        result.close()
        if trouble:
            raise CommandError(trouble)

    def _run(self, path: Path, result: Report, options: Options) -> None:
        bar: AbstractContextManager[Progress | None] = nullcontext()
        if sys.stderr.isatty():
            bar = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(),
                TimeRemainingColumn(), console=Console(stderr=True), transient=True,
            )  # fmt: skip
        with bar as progress:
            task = progress.add_task("Posts", total=None) if progress else None

            def advance(done: int, total: int) -> None:
                if progress and task is not None:
                    progress.update(task, completed=done, total=total)

            importing.run(path, result, now=timezone.now(), options=options, advance=advance)

    def _write_json(self, result: Report, trouble: str) -> None:
        """Write one object, item by item: an archive's items need not fit into memory."""
        head = result.summary() | ({"error": trouble} if trouble else {})
        text = json.dumps(head, ensure_ascii=False)
        self.stdout.write(f'{text[:-1]}, "items": [', ending="")
        for place, item in enumerate(result.items()):
            self.stdout.write(", " if place else "", ending="")
            self.stdout.write(json.dumps(item, ensure_ascii=False), ending="")
        self.stdout.write("]}")

    def _write_tables(self, result: Report, trouble: str) -> None:
        if not result.counts and trouble:
            return
        console = Console(file=cast("IO[str]", self.stdout), width=WIDTH, highlight=False)
        for table in _tables(result):
            console.print(table)
        if result.is_rehearsal:
            console.print("A rehearsal: nothing was written.")


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0:.0f} posts/s")


def _tables(result: Report) -> list[Table]:
    counts = Table(
        "what", *OUTCOMES, title=f"WordPress import: {result.site or 'a blog without an address'}"
    )
    for kind in result.kinds:
        counts.add_row(kind, *(str(result.of(kind, done) or "") for done in OUTCOMES))
    tables = [counts]
    rows = [
        ("skipped", f"{kind}: {reason}", number, reason)
        for (kind, reason), number in result.reasons.most_common()
    ]
    rows += [("note", note, number, note) for note, number in result.notes.most_common()]
    rows += [("mended", what, number, what) for what, number in result.mended.most_common()]
    if rows:
        reasons = Table("", "reason", "count", "for example", title="Reasons and notes")
        for sort, said, number, reason in rows:
            reasons.add_row(sort, said, str(number), "\n".join(result.examples.get(reason, [])))
        tables.append(reasons)
    return tables
