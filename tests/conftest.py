"""The strict bed: no network but loopback, plain static files, files of its own per test."""

import socket
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management.commands import flush
from django.db import connection
from django.db.backends.postgresql.operations import DatabaseOperations
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from comments import flood
from tests import template

UNMODELLED_TABLES = ("rate_bucket",)  # Django would leave what one test took to the next.
KEPT_TABLES = ("django_content_type", "auth_permission")
_connect = socket.socket.connect
_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Serve static files by their plain names: the hashed ones need `collectstatic` first."""
    django_settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    django_settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    django_settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    django_settings.ALLOWED_HOSTS = ["testserver.test", "testserver", "127.0.0.1", "localhost"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: Any
) -> None:
    """Give up durability: a test's rows need not outlive the machine."""
    options = django_settings.DATABASES["default"].setdefault("OPTIONS", {})
    options["options"] = "-c synchronous_commit=off"
    if "embedded_in" in options:  # The server is ours: pass over triggers, keep a copy.
        with django_db_blocker.unblock():
            django_settings.DATABASES["default"]["TEST"]["TEMPLATE"] = template.ensure()
        patch = pytest.MonkeyPatch()
        patch.setattr(DatabaseOperations, "sql_flush", _emptying)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_, **__: None)


def _emptying(
    self: DatabaseOperations, style: Any, tables: list[str], **options: bool
) -> list[str]:
    """Return the SQL that empties the tables after a test; TRUNCATE takes forty times as long.

    What every migration ends with, kinds of content and permissions, stays: making them anew
    takes as long again.
    """
    emptied = [table for table in (*tables, *UNMODELLED_TABLES) if table not in KEPT_TABLES]
    deletions = [f"DELETE FROM {self.quote_name(table)}" for table in emptied]  # noqa: S608
    roles = [f"SET session_replication_role = {role}" for role in ("replica", "DEFAULT")]
    return ["; ".join([roles[0], *deletions, roles[1]])]


@pytest.fixture(autouse=True)
def closed_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"A test tried to reach {address[0]}")
        _connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    # Named, not made: few tests keep a file, and `tmp_path` makes a folder for each test.
    settings.MEDIA_ROOT = tmp_path_factory.getbasetemp() / f"media-{next(_numbers)}"
    cache.clear()
    flood.forget()  # It lives in the process, as the tests do.


@pytest.fixture
def run_jobs(db: None) -> Callable[[], int]:
    """Return a function that runs every waiting job in this test's transaction, and says how many.

    The jobs are the rows the code really deferred; only the worker process is left out.
    """
    return _run_jobs


def _run_jobs() -> int:
    done = 0
    while job := ProcrastinateJob.objects.filter(status="todo").order_by("id").first():
        app.tasks[job.task_name].func(**job.args)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [job.id]
            )
        done += 1
    return done
