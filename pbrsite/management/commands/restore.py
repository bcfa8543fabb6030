"""Bring back what `backup` wrote."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pbrsite import backup
from posts.models import Post


class Command(BaseCommand):
    help = "Replace this site's database by a backup's, and add its images."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file")
        parser.add_argument("--replace", action="store_true", help="even if the site has posts")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["replace"] and _has_posts():
            raise CommandError(
                "This site has posts, which the backup would replace. Add --replace if you mean it."
            )
        try:
            files = backup.read(Path(options["file"]))
        except backup.BackupError as error:
            raise CommandError(f"Nothing was restored: {error}") from error
        self.stdout.write(f"Restored the database and {files} image files.")


def _has_posts() -> bool:
    from django.db import connection

    return "posts_post" in connection.introspection.table_names() and Post.objects.exists()
