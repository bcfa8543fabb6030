"""What follows the rows of an import: the index of an earlier run, citations, related posts."""

from importlib import import_module
from importlib.util import find_spec

from posts import search, tasks
from posts.models import Post
from posts.reindexing import AFTER_THE_REST, RELATE_BATCH
from posts.tagging import batches


def catch_up() -> None:
    """Index what a run that was broken off left without; one query when there is nothing."""
    bare = Post.objects.filter(imported_at__isnull=False, search_vector=None)
    for batch in batches(list(bare.order_by("pk").values_list("pk", flat=True))):
        search.index(batch)


def follow_up() -> int:
    """Have imported posts related that are not yet, an earlier run's too; return how many.

    In jobs of the worker; one that is lost is found by the clock, as after any publishing.
    """
    waiting = Post.objects.filter(imported_at__isnull=False, related_at=None)
    _record_citations(list(waiting.order_by("pk").values_list("pk", flat=True)))
    public = Post.objects.published().filter(imported_at__isnull=False, related_at=None)
    ordered = list(public.order_by("pk").values_list("pk", flat=True))
    later = tasks.relate_posts.configure(priority=AFTER_THE_REST)
    for batch in batches(ordered, RELATE_BATCH):
        later.defer(post_ids=[*batch])
    return len(ordered)


def _record_citations(post_ids: list[int]) -> None:
    """Note who cites whom, where this site does; links to later posts of the file count too."""
    if find_spec("posts.citations") is None:
        return
    citations = import_module("posts.citations")
    for batch in batches(post_ids):
        citations.record(batch)
