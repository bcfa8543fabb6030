"""Labelled comments in files, one JSON object a line: read as a stream, bad lines named."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST_LINE = 1_000_000  # bytes
# JSON's true and false are equal to 1 and 0 here.
LABELS: dict[object, bool] = {
    0: False, 1: True, "0": False, "1": True, "false": False, "true": True,
    "ham": False, "honest": False, "spam": True,
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One comment of a file; `is_spam` is None where the line has no label."""

    line: int
    name: str
    email: str
    body: str
    is_spam: bool | None

    @property
    def writer(self) -> str:
        return self.email.strip().casefold() or self.name.strip().casefold()


@dataclass(frozen=True)
class BadLine:
    line: int
    problem: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.problem}"


def entries(path: Path, *, is_labelled: bool = False) -> Iterator[Entry | BadLine]:
    """Yield each line's comment, or what is wrong with the line; empty lines are passed over.

    One line is in memory at a time. Raises OSError when the file cannot be read.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
                yield BadLine(number, f"longer than {LONGEST_LINE:,} bytes. Nobody writes that.")
                while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
                    pass
            elif line.strip():
                yield _entry(number, line, is_labelled)


def _entry(number: int, line: bytes, is_labelled: bool) -> Entry | BadLine:
    try:
        data = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return BadLine(number, "not UTF-8 text. Save the file as UTF-8.")
    except (json.JSONDecodeError, RecursionError) as error:
        said = getattr(error, "msg", "nested too deeply")
        return BadLine(number, f"not JSON ({said}). Write one object a line.")
    if not isinstance(data, dict):
        return BadLine(number, 'not an object. Write {"name": …, "email": …, "body": …}.')
    return _checked(number, data, is_labelled)


def _checked(number: int, data: dict[str, Any], is_labelled: bool) -> Entry | BadLine:
    texts = {key: data.get(key) or "" for key in ("name", "email", "body")}
    for key, text in texts.items():
        if not isinstance(text, str):
            return BadLine(number, f"“{key}” is not a text. Put it between quotation marks.")
    if not texts["body"].strip():
        return BadLine(number, "no “body”, or an empty one. Nothing is there to be scored.")
    label = data.get("label")
    if label is None or label == "":
        if is_labelled:
            return BadLine(number, 'no “label”. To train with, say "spam" or "honest".')
        return Entry(number, **texts, is_spam=None)
    key = label.strip().casefold() if isinstance(label, str) else label
    if not isinstance(key, str | int | float) or key not in LABELS:
        return BadLine(number, '“label” is none of 0, 1, true, false, "spam", "ham", "honest".')
    return Entry(number, **texts, is_spam=LABELS[key])
