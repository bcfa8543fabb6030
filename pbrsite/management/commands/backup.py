"""Write everything the site holds to one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pbrsite import backup


class Command(BaseCommand):
    help = "Write the database and the images to one file, while the site runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="default: backup-<date>-<time>.tar")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["file"] or f"backup-{timezone.localtime():%Y%m%d-%H%M%S}.tar"
        path = Path(name).resolve()
        if path.exists():
            raise CommandError(f"{path} exists already. Name another file.")
        try:
            size = backup.write(path)
        except (OSError, backup.BackupError) as error:
            raise CommandError(f"No backup was written: {error}") from error
        self.stdout.write(
            f"{path} written, {size / 1_000_000:.1f} MB. It holds addresses: keep it safe."
        )
