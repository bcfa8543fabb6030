"""Make a checkout ready to serve: tables, static files, and on the first start content."""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, NotSupportedError, connection
from django.utils import timezone

from pbrsite.database.server import EmbeddedPostgresError
from posts import search
from posts.models import Author, Post


class Command(BaseCommand):
    help = "Create the tables, gather static files; on the first start load the demo archive."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="neither content nor a log-in")

    def handle(self, *args: Any, **options: Any) -> None:
        self._reach_the_database()
        _check_media()
        call_command("migrate", verbosity=0, interactive=False)
        search.catch_up(timezone.now())  # Of a large archive the clock does the rest.
        call_command("collectstatic", verbosity=0, interactive=False)
        if options["no_demo"]:
            return
        if not User.objects.exists():
            if not Post.objects.exists():
                self.stdout.write("First start: loading the demo archive ...")
                call_command("load_demo", stdout=self.stdout)
            _make_editor()
        self._print_log_in()

    def _reach_the_database(self) -> None:
        """Say in plain words why the database cannot be used."""
        try:
            connection.ensure_connection()
            connection.check_database_version_supported()
        except (EmbeddedPostgresError, ImproperlyConfigured, NotSupportedError) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(
                f"Postgres does not answer: {str(error).strip()}\n"
                "Start it, or correct DATABASE_URL, or unset DATABASE_URL to use the built-in one."
            ) from error

    def _print_log_in(self) -> None:
        path = login_file()
        user = User.objects.filter(username="editor").first()
        if path.exists() and user and user.check_password(path.read_text().strip()):
            kept = path.relative_to(settings.VAR_DIR.parent)
            self.stdout.write(f"\n  Editor's log-in: {user.username} / {path.read_text().strip()}")
            self.stdout.write(f"  (kept in {kept}; change it in the admin)\n")


def _check_media() -> None:
    try:
        Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(
            f"MEDIA_ROOT is wrong: {settings.MEDIA_ROOT} cannot be made ({error.strerror}). "
            "Allowed: a folder the site may write to."
        ) from error


def _make_editor() -> None:
    """Create the first member of staff, with the first author's byline."""
    password = secrets.token_urlsafe(9)
    user = User.objects.create_superuser("editor", "editor@example.org", password)
    Author.objects.filter(pk=Author.objects.order_by("pk").values("pk")[:1]).update(user=user)
    path = login_file()
    path.touch(mode=0o600)
    path.write_text(password + "\n")


def login_file() -> Path:
    return Path(settings.VAR_DIR) / "editor_password"
