"""What follows the rows of an import: the index of an earlier run, citations, related posts."""

from collections.abc import Iterator

from posts import citations, search, tasks
from posts.models import Post, PostQuerySet
from posts.reindexing import RELATE_BATCH

BATCH = 500  # posts indexed, or read for citations, at once


def catch_up() -> None:
    """Index what a run that was broken off left without; one query when there is nothing."""
    for batch in _batches(_imported().filter(search_entry=None), BATCH):
        search.index(batch)


def follow_up() -> None:
    """Have imported posts related that are not yet, an earlier run's too.

    In jobs of the worker; one that is lost is found by the clock, as after any publishing.
    """
    waiting = _imported().filter(related_at=None)
    for batch in _batches(waiting, BATCH):  # Links to later posts of the file count too.
        citations.record(batch)
    later = tasks.relate_posts.configure(priority=tasks.AFTER_THE_REST)
    for batch in _batches(waiting.published(), RELATE_BATCH):
        later.defer(post_ids=[*batch])


def _imported() -> PostQuerySet:
    return Post.objects.filter(imported_at__isnull=False)


def _batches(posts: PostQuerySet, size: int) -> Iterator[list[int]]:
    """Yield the posts' numbers, so many at a time, however many there are."""
    last = 0
    while True:
        rows = posts.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:size]
        batch = list(rows)
        if not batch:
            return
        yield batch
        last = batch[-1]
