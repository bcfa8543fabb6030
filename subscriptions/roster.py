"""Subscribers as a CSV file (RFC 4180): one line per person, and the ways spreadsheets write it."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from subscriptions import addresses
from subscriptions.models import Kind, Subscriber

COLUMNS = ("email", "frequency", "tags", "confirmed_at", "state")
DELIMITERS = ",;\t"
TAGS_BY = "|"
EARLIEST = 1990
PAUSED = "paused until "
DATES = "Write it as 2026-03-04 or 2026-03-04T12:00."
HEADER = "The first line has to name the columns, such as: email,frequency,tags,confirmed_at"
AS_UTF8 = "Save it again as “CSV UTF-8” and run the import anew."
# A cell that a spreadsheet would take for a formula is written with an apostrophe before it.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


class UnreadableFile(ValueError):  # noqa: N818 - it reads as what it is.
    """The file as a whole cannot be taken; the message says what to do about it."""


class BadLine(ValueError):  # noqa: N818 - it reads as what it is.
    """One line cannot be taken; the message says why."""


@dataclass(frozen=True)
class Format:
    """How this file is written, and how many people it holds."""

    path: Path
    delimiter: str
    columns: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class Line:
    """One person of the file. `problem` says why the line cannot be taken; None means not said."""

    number: int  # of the line of the file, from 1
    email: str
    frequency: str = ""
    tags: tuple[str, ...] | None = None
    confirmed_at: datetime | None = None
    state: str = ""
    paused_until: datetime | None = None
    problem: str = ""


def inspect(path: Path) -> Format:
    """Read the file through once and return its format, or raise UnreadableFile: nothing of a
    file that breaks off half-way is to be imported. Memory does not grow with the file.
    """
    try:
        with path.open("rb") as raw:
            _refuse_other_formats(raw.read(4))
        with _text(path) as file:
            delimiter = _delimiter(file.readline())
        with _text(path) as file:
            rows = _rows(file, delimiter)
            columns = _columns(next(rows, (1, []))[1])
            return Format(path, delimiter, columns, sum(1 for _ in rows))
    except UnicodeDecodeError:
        line = _first_line_of_another_encoding(path)
        raise UnreadableFile(f"Line {line} is not UTF-8. {AS_UTF8}") from None
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from None


def read(file_format: Format, now: datetime) -> Iterator[Line]:
    """Yield the people of the file, line by line."""
    with _text(file_format.path) as file:
        rows = _rows(file, file_format.delimiter)
        next(rows)
        for number, cells in rows:
            try:
                yield _line(number, cells, file_format.columns, now)
            except BadLine as error:
                email = _cells(cells, file_format.columns).get("email", "")
                yield Line(number, email[:addresses.LONGEST], problem=str(error))  # fmt: skip


def plain(text: str) -> str:
    """Return the cell as it was before `harmless`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def harmless(text: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula (OWASP, CSV injection)."""
    return f"'{text}" if _FORMULA.match(text) else text


def state_in_words(subscriber: Subscriber) -> str:
    if subscriber.paused_until:
        return f"{PAUSED}{subscriber.paused_until.astimezone(settings.ZONE).isoformat()}"
    return subscriber.state


def _text(path: Path) -> io.TextIOWrapper:
    return path.open(encoding="utf-8-sig", newline="")


def _refuse_other_formats(start: bytes) -> None:
    if start.startswith(b"PK\x03\x04") or start == b"\xd0\xcf\x11\xe0":
        raise UnreadableFile(f"This is a spreadsheet, not a CSV file. {AS_UTF8}")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile(f"This file is UTF-16. {AS_UTF8}")


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)


def _rows(file: io.TextIOWrapper, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the first line of each row that holds anything, and its cells."""
    reader = csv.reader(file, delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UnreadableFile(
                f"Line {number} is not CSV ({error}). Is a quotation mark opened and not closed?"
            ) from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield number, cells


def _columns(header: list[str]) -> tuple[str, ...]:
    names = tuple(cell.strip().lower() for cell in header)
    if not names or any("@" in name for name in names):
        raise UnreadableFile(f"This file has no header. {HEADER}")
    for name in names:
        if name not in COLUMNS:
            raise UnreadableFile(
                f"“{name[:40]}” is none of the columns {', '.join(COLUMNS)}. "
                "Rename it or take it out."
            )
        if names.count(name) > 1:
            raise UnreadableFile(f"The column “{name}” is there twice. Take one out.")
    if "email" not in names:
        raise UnreadableFile(f"This file has no column “email”. {HEADER}")
    return names


def _first_line_of_another_encoding(path: Path) -> int:
    with path.open("rb") as raw:
        for number, line in enumerate(raw, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return number


def _cells(cells: list[str], columns: tuple[str, ...]) -> dict[str, str]:
    return {name: plain(cell.strip()) for name, cell in zip(columns, cells, strict=False)}


def _line(number: int, cells: list[str], columns: tuple[str, ...], now: datetime) -> Line:
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        raise BadLine(f"has {len(cells)} cells, the header {len(columns)}")
    given = _cells(cells, columns)
    try:
        email = addresses.normalise(given.get("email", ""))
    except addresses.ImpossibleAddress as error:
        raise BadLine(str(error)) from None
    state, paused_until = _state(given.get("state", ""))
    tags = [tag.strip() for tag in re.split(r"[|,;]", given.get("tags", ""))]
    return Line(
        number, email, _frequency(given.get("frequency", "")),
        tuple(filter(None, tags)) if "tags" in given else None,
        _confirmed_at(given.get("confirmed_at", ""), now), state, paused_until,
    )  # fmt: skip


def _frequency(text: str) -> str:
    if text and text.lower() not in Kind.values:
        raise BadLine(f"“{text[:40]}” is no frequency. Write {', '.join(Kind.values)}, or nothing.")
    return text.lower()


def _confirmed_at(text: str, now: datetime) -> datetime | None:
    moment = _moment(text) if text else None
    if moment and moment > now:
        raise BadLine("confirmed_at is in the future")
    if moment and moment.year < EARLIEST:  # What other programs write for "never".
        raise BadLine(f"“{text[:40]}” is no date on which anybody agreed. {DATES}")
    return moment


def _state(text: str) -> tuple[str, datetime | None]:
    if text.lower().startswith(PAUSED):
        return Subscriber.State.PAUSED, _moment(text[len(PAUSED) :])
    if text.lower() not in {"", *Subscriber.State.values} - {Subscriber.State.PAUSED}:
        raise BadLine(f"“{text[:40]}” is no state a subscriber can have")
    return text.lower(), None


def _moment(text: str) -> datetime:
    """Return the moment; a date is its first second, and no offset means the site's zone."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=settings.ZONE)
        _ = moment.timestamp()
    except (ValueError, OverflowError):
        raise BadLine(f"“{text[:40]}” is no date. {DATES}") from None
    return moment
