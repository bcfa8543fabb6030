"""Make the sizes and kinds in which pages ask for images."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from rich.progress import track

from posts import renditions
from posts.models import Image


class Command(BaseCommand):
    help = "Make every rendition that is missing; the worker does it after each upload."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="make those anew that are there")

    def handle(self, *args: Any, **options: Any) -> None:
        images = list(Image.objects.order_by("pk").values_list("pk", flat=True))
        made = 0
        is_quiet = not self.stdout.isatty()
        for image_id in track(images, description="Images", disable=is_quiet, transient=True):
            made += renditions.make(image_id, force=options["all"])
        self.stdout.write(f"{made} files made for {len(images)} images.")
