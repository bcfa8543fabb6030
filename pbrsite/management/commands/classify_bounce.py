"""Say what messages that came back mean."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from subscriptions.feedback import bounces

LARGEST = 20_000_000  # Bytes; a returned digest has a hundred thousand.


class Command(BaseCommand):
    help = (
        "Say of each file, a whole message, whether it is a hard or a soft bounce, a complaint or "
        "none of these, about which address, and with which code. Changes nothing."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--json", action="store_true", help="one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        for file in options["files"]:
            bounce = bounces.classify(_content(file))
            if options["json"]:
                self.stdout.write(json.dumps({"file": str(file), **asdict(bounce)}))
            else:
                code = " ".join(filter(None, [bounce.reply_code, bounce.status]))
                self.stdout.write(
                    f"{bounce.kind:9}  {code or '-':10}  {bounce.address or '-'}  {file}"
                )


def _content(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise CommandError(f"{file} is larger than {LARGEST // 1_000_000} MB: no message is.")
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
