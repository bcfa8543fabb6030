"""A file that web processes add lines to and a worker empties: a note without a database write.

Several processes append to one file, each line with one write (O_APPEND), so lines stay whole. The
file is bounded: what comes when it is full is lost, as is what nobody takes on a machine without a
worker. Good for notes of which some may be missing.
"""

import json
import logging
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)

FULL = 256_000  # bytes, some 1,500 notes
LONGEST_LINE = 2_000  # bytes


def append(name: str, record: dict[str, Any]) -> None:
    """Add one record, unless the file is full or cannot be written; never raises OSError."""
    line = json.dumps(record).encode() + b"\n"
    if len(line) > LONGEST_LINE:
        return
    try:
        descriptor = _open(_folder(name) / "waiting")
        try:
            if os.fstat(descriptor).st_size + len(line) <= FULL:
                os.write(descriptor, line)
        finally:
            os.close(descriptor)
    except OSError as error:
        logger.warning("A note for %s could not be written: %s", name, error.strerror)


@contextmanager
def taken(name: str) -> Iterator[list[dict[str, Any]]]:
    """Give every whole record that waits, and forget them once the block has ended well.

    At least once: after a failure they come again. What is no record is left out.
    """
    folder = _folder(name)
    with suppress(FileNotFoundError):  # Nothing waits; something taken before may.
        (folder / "waiting").rename(folder / f"taken-{uuid.uuid4().hex}")
    files = sorted(folder.glob("taken-*"))
    yield [record for path in files for record in _records(path)]
    for path in files:
        path.unlink(missing_ok=True)


def _folder(name: str) -> Path:
    return Path(settings.VAR_DIR) / "spool" / name


def _open(path: Path) -> int:
    """Return a descriptor to append by; the folder and the file are the site's own alone."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        lines = file.read(2 * FULL).split(b"\n")
    for line in lines:
        try:
            record = json.loads(line)
        except ValueError:  # Torn by a full disk, or not ours.
            continue
        if isinstance(record, dict):
            yield record
