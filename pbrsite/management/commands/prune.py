"""Forget what the site has no more reason to keep."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from pbrsite.retention import prune


class Command(BaseCommand):
    help = "Delete what is past its time, and say how much of what; the worker does it each night."

    def handle(self, *args: Any, **options: Any) -> None:
        for name, number in prune(timezone.now()).items():
            self.stdout.write(f"{number:6} {name}")
