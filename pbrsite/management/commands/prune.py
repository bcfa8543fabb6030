"""Forget what the site has no more reason to keep."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from comments import retention as comments
from pbrsite import rates
from subscriptions import retention as subscriptions


class Command(BaseCommand):
    help = "Delete what is past its time, and say how much of what."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        removed = {
            **comments.prune(now),
            **subscriptions.prune(now),
            "rate buckets": rates.forget(before=now - timedelta(days=1)),
        }
        for name, number in removed.items():
            self.stdout.write(f"{number:6} {name}")
