"""Compute related posts anew."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from posts import relatedness
from posts.models import Post
from posts.relatedness import Step


class Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.0f}/s" if speed else "")


class Command(BaseCommand):
    help = (
        "Compute the related posts of the whole archive, of single posts, or, given nothing, of "
        "those that wait for it. Safe to stop and to run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slugs", nargs="*", metavar="slug", help="the posts' addresses")
        parser.add_argument("--all", action="store_true", help="every public or scheduled post")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["all"] and options["slugs"]:
            raise CommandError("Give either --all or the slugs of single posts, not both.")
        if options["all"]:
            steps = relatedness.relate_all(timezone.now())
        else:
            steps = relatedness.relate_each(_chosen(options["slugs"]))
        try:
            last = self._show(steps)
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped. The lists computed so far are stored; run it again for the rest."
            ) from None
        self.stdout.write(f"Related posts of {last.done} posts computed.")

    def _show(self, steps: Iterator[Step]) -> Step:
        """Run to the end with a bar on a terminal: how many, how fast, how long still."""
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(),
            TimeRemainingColumn(),
        )  # fmt: skip
        step, shown = Step("", 0, 0), self.stdout.isatty()
        console = Console(file=cast(Any, self.stdout._out))
        with Progress(*columns, console=console, disable=not shown, transient=True) as progress:
            bars: dict[str, Any] = {}
            for step in steps:
                if step.name not in bars:
                    bars[step.name] = progress.add_task(step.name, total=step.total)
                progress.update(bars[step.name], completed=step.done)
        return step


def _chosen(slugs: list[str]) -> list[int]:
    """Return the posts with these slugs by number, or those that wait when there are none."""
    if not slugs:
        return relatedness.overdue(limit=None)
    found = dict(Post.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    if missing := [slug for slug in slugs if slug not in found]:
        raise CommandError(f"No post has this address: {', '.join(missing)}")
    return [found[slug] for slug in dict.fromkeys(slugs)]
