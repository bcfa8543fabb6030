"""Score a file of comments as the site would, and store nothing."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid
from rich.text import Text

from comments import bayes, rulesets, scoring
from comments.defaults import WEIGHTS
from comments.labelled import BadLine
from comments.rules import ListError, Rules, domains_in, words_in
from comments.scoring import VERDICTS, Knowledge, Scored, Table

WIDTH = 120  # columns
MOST_NAMED = 20  # bad lines printed one by one


class Command(BaseCommand):
    help = (
        'Judge comments in a file, one JSON object a line ({"name", "email", "body", "label"?}), '
        "by the rules in force: verdict, score and every reason with its weight and evidence; "
        "with labels also a table of right and wrong. Stores nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the .jsonl file to judge")
        parser.add_argument(
            "--train", type=Path, metavar="LABELLED",
            help="learn from this labelled .jsonl file instead of from the site's decisions",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true", help="the report as one JSON object")
        parser.add_argument("--words", type=Path, help="try this list of words instead")
        parser.add_argument("--domains", type=Path, help="try this list of domains instead")
        parser.add_argument(
            "--weight", action="append", default=[], metavar="CODE=POINTS",
            help="try another weight, for example links=20; may be given several times",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        knowledge = Knowledge(_rules(options))
        try:
            bad = self._train(options["train"], knowledge) if options["train"] else []
            lines = _lines(options["file"])
            write = self._write_json if options["json"] else self._write_text
            table, unread = write(self._scored(options["file"], knowledge, lines))
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
        self._name(bad, options["train"])
        self._name(unread, options["file"])
        if not table.counts:
            raise CommandError(f"No comment in {options['file']} could be judged.")

    def _train(self, path: Path, knowledge: Knowledge) -> list[BadLine]:
        bad, spam, honest = scoring.learn_from(path, knowledge)
        if min(spam, honest) < bayes.FEWEST:
            self.stderr.write(
                f"{path} has {spam} spam and {honest} honest comments; the classifier speaks "
                f"from {bayes.FEWEST} of each on, so it keeps silent."
            )
        return bad

    def _scored(self, path: Path, knowledge: Knowledge, lines: int) -> Iterator[Scored | BadLine]:
        """Judge line by line, with a bar on a terminal."""
        bar: AbstractContextManager[Progress | None] = nullcontext()
        if sys.stderr.isatty():
            bar = Progress(
                TextColumn("Comments"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                console=Console(stderr=True), transient=True,
            )  # fmt: skip
        with bar as progress:
            task = progress.add_task("Comments", total=lines) if progress else None

            def advance(done: int) -> None:
                if progress and task is not None:
                    progress.advance(task, done)

            yield from scoring.score(path, knowledge, advance=advance)

    def _write_json(self, found: Iterator[Scored | BadLine]) -> tuple[Table, list[BadLine]]:
        """Write one object, comment by comment: a file's need not fit into memory."""
        table, bad, before = Table(), [], ""
        self.stdout.write('{"comments": [', ending="")
        for one in found:
            if isinstance(one, BadLine):
                bad.append(one)
                continue
            table.add(one)
            self.stdout.write(before + json.dumps(one.as_json()), ending="")
            before = ",\n"
        problems = [{"line": one.line, "problem": one.problem} for one in bad]
        rest = {"table": table.as_json(), "bad_lines": problems}
        self.stdout.write(f"], {json.dumps(rest)[1:]}")
        return table, bad

    def _write_text(self, found: Iterator[Scored | BadLine]) -> tuple[Table, list[BadLine]]:
        console = Console(file=cast("IO[str]", self.stdout), width=WIDTH, highlight=False)
        table, bad = Table(), []
        for one in found:
            if isinstance(one, BadLine):
                bad.append(one)
                continue
            table.add(one)
            console.print(Text(_line(one)), soft_wrap=True)
        if table.counts:
            console.print(_grid(table))
        return table, bad

    def _name(self, bad: list[BadLine], path: Path) -> None:
        for one in bad[:MOST_NAMED]:
            self.stderr.write(f"{path.name}, {str(one)[0].lower()}{str(one)[1:]}")
        if len(bad) > MOST_NAMED:
            self.stderr.write(f"{path.name}: {len(bad) - MOST_NAMED} more lines of such kinds.")


def _line(one: Scored) -> str:
    reasons = "; ".join(
        f"{reason['code']} {reason['weight']:+}"
        + (f" ({reason['evidence']})" if reason["evidence"] else "")
        for reason in one.reasons
    )
    return f"{one.entry.line:>5}  {one.verdict:<11} {one.score:>4}  {reasons}".rstrip()


def _grid(table: Table) -> Grid:
    grid = Grid("label", *VERDICTS, "all", title="What became of them")
    for label, row, total in table.rows():
        cells = [f"{count} ({100 * count / total:.1f} %)" if count else "–"
                 for count in row.values()]  # fmt: skip
        grid.add_row(label, *cells, str(total))
    return grid


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _rules(options: dict[str, Any]) -> Rules:
    """Return the rules in force with what is to be tried instead."""
    rules = rulesets.current()
    try:
        words = words_in(options["words"].read_text("utf-8")) if options["words"] else rules.words
        domains = (
            domains_in(options["domains"].read_text("utf-8"))
            if options["domains"]
            else rules.domains
        )
    except (OSError, UnicodeDecodeError, ListError) as error:
        raise CommandError(f"The list cannot be used. {error}") from error
    return Rules({**rules.weights, **dict(map(_weight, options["weight"]))}, words, domains)


def _weight(text: str) -> tuple[str, int]:
    code, _, points = text.partition("=")
    if code not in WEIGHTS or not points.lstrip("+-").isdecimal():
        raise CommandError(f"--weight {text}: write CODE=POINTS. Codes: {', '.join(WEIGHTS)}.")
    return code, int(points)
