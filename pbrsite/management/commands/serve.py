"""Run the web server and the background worker together until Ctrl-C."""

import os
import shlex
import socket
import sys
from typing import Any

import honcho.manager
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from honcho.manager import Manager

from pbrsite.database.server import EmbeddedPostgresError

MOST_WEB_PROCESSES = 4


class Command(BaseCommand):
    help = "Run the web server and the background worker(s) until Ctrl-C."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="background workers")
        parser.add_argument("--no-jobs", action="store_true", help="web server only")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        if not 1 <= port <= 65535:
            raise CommandError(f"--port {port} is wrong. Allowed: 1 to 65535.")
        if not 1 <= options["workers"] <= 32:
            raise CommandError("--workers is wrong. Allowed: 1 to 32.")
        _check_port(host, port)
        _check_database()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        environment.setdefault("SITE_URL", f"http://{host}:{port}")
        settings.SERVED_AT.write_text(environment["SITE_URL"])
        # A sender may wait that long for the relay's answer; killed before, it cannot know it.
        honcho.manager.KILL_WAIT = settings.EMAIL_TIMEOUT + 10
        manager = Manager()
        manager.add_process("web", _web(host, port), env=environment, cwd=str(settings.BASE_DIR))
        for number in range(0 if options["no_jobs"] else options["workers"]):
            manager.add_process(
                f"jobs{number + 1}", _jobs(), env=environment, cwd=str(settings.BASE_DIR)
            )
        self.stdout.write(f"  {environment['SITE_URL']}/          the site")
        self.stdout.write(f"  {environment['SITE_URL']}/admin/    for editors")
        self.stdout.write("  Ctrl-C stops everything.\n")
        # The children have connections of their own; ours would only keep one of theirs from use.
        connection.close()
        manager.loop()
        sys.exit(0 if manager.returncode in {0, 130, -2, -15} else manager.returncode)


def _web(host: str, port: int) -> str:
    """Return granian's command: a process per core (four at most), two threads in each.

    Measured with wrk on two cores, three runs: 4,650 to 5,450 kept pages a second, gunicorn set up
    alike 3,440 to 3,490; four threads instead of two gained nothing.
    """
    processes = str(min(os.cpu_count() or 1, MOST_WEB_PROCESSES))
    return shlex.join(
        [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port",
         str(port), "--workers", processes, "--blocking-threads", "2", "--respawn-failed-workers",
         "--no-ws", "--log-level", "warning", "pbrsite.wsgi:application"]
    )  # fmt: skip


def _jobs() -> str:
    return shlex.join([sys.executable, str(settings.BASE_DIR / "manage.py"), "work"])


def _check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({error.strerror}). "
                f"Choose another: make run PORT={port + 1}, or serve --port {port + 1}."
            ) from error


def _check_database() -> None:
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, EmbeddedPostgresError) as error:
        raise CommandError(f"The database does not answer: {str(error).strip()}") from error
    if missing:
        raise CommandError("The tables are not up to date. Run: manage.py prepare --no-demo")
