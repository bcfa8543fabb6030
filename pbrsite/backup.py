"""One file with everything: the database (pg_dump's custom format) and the uploaded images."""

import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from pbrsite.database.server import PROGRAMS

DUMP = "database.dump"
MEDIA = "media"


class BackupError(Exception):
    """The backup was not made or not restored: the message says why; nothing was changed."""


def write(path: Path) -> int:
    """Write the backup and return its size in bytes; the file appears only when it is whole."""
    partial = path.with_name(path.name + ".partial")
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        dump = Path(folder) / DUMP
        _run("pg_dump", "--format=custom", "--no-owner", f"--file={dump}")
        try:
            _pack(dump, partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path.stat().st_size


def _pack(dump: Path, partial: Path) -> None:
    # It holds addresses: closed to others from its first byte on.
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as archive:
        archive.add(dump, DUMP)
        if settings.MEDIA_ROOT.is_dir():
            archive.add(settings.MEDIA_ROOT, MEDIA)


def read(path: Path) -> int:
    """Replace the database by the backup's, in one transaction, and add its images.

    Returns the number of files unpacked. Raises BackupError for a file that is no backup of ours.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            with tarfile.open(path) as archive:
                _unpack(archive, Path(folder).resolve())
        except (OSError, tarfile.TarError) as error:
            raise BackupError(f"{path} is not a backup of this site: {error}.") from error
        dump = Path(folder) / DUMP
        if not dump.is_file():
            raise BackupError(f"{path} is not a backup of this site: it holds no {DUMP}.")
        connection.close()
        _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction",
             "--exit-on-error", f"--dbname={_params()['dbname']}", str(dump))  # fmt: skip
        return _copy(Path(folder) / MEDIA, Path(settings.MEDIA_ROOT))


def _unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Write the archive's plain files below the folder: no links, nothing that leads outside it.

    By hand, since tarfile's own filters (PEP 706) are missing from Debian 12's Python.
    """
    for member in archive:
        target = (folder / member.name).resolve()
        if not member.isfile() or not target.is_relative_to(folder):
            continue
        content = archive.extractfile(member)
        if content is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)


def _copy(source: Path, target: Path) -> int:
    files = [path for path in source.rglob("*") if path.is_file()]
    for file in files:
        kept = target / file.relative_to(source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(file.read_bytes())
    return len(files)


def _run(program: str, *arguments: str) -> None:
    result = subprocess.run(  # noqa: S603
        [str(PROGRAMS / program), *arguments],
        check=False, capture_output=True, text=True, env=_environment(_params()),
    )  # fmt: skip
    if result.returncode:
        raise BackupError(f"{program} failed: {result.stderr.strip()[-1000:]}")


def _params() -> dict[str, Any]:
    return connection.get_connection_params()


def _environment(params: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment by which libpq's programs connect; a password stays off `ps`."""
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password",
             "PGDATABASE": "dbname", "PGSSLMODE": "sslmode"}  # fmt: skip
    given = {name: str(params[key]) for name, key in names.items() if params.get(key)}
    return {**os.environ, **given}
