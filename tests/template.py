"""The migrated database that every run of the tests is copied from.

Migrating takes seconds for each process of each check; copying takes a tenth of one.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from tests.environment import ROOT

ROOMS = ("pbrsite", "posts", "comments", "subscriptions")


def ensure() -> str:
    """Return the name of a database migrated by what the files say now; made when there is none."""
    name = f"template_{_fingerprint()}"
    with _alone(), connection._nodb_cursor() as cursor:
        cursor.execute(r"SELECT datname FROM pg_database WHERE datname LIKE 'template\__%'")
        others = {row[0] for row in cursor} - {"template0", "template1"}
        if name not in others:
            for other in others:
                cursor.execute(f'DROP DATABASE "{other}"')
            cursor.execute("CREATE DATABASE template_unfinished")
            _migrate("template_unfinished")
            cursor.execute(f'ALTER DATABASE template_unfinished RENAME TO "{name}"')
    return name


def _fingerprint() -> str:
    """Return what changes with any migration, of ours or of a library."""
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("migrations/*.py"))]
    texts = [path.read_bytes() for path in [*files, ROOT / "constraints.txt"]]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()[:16]


@contextmanager
def _alone() -> Iterator[None]:
    settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.VAR_DIR / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(name: str) -> None:
    usual = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual
