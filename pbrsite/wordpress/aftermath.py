"""What follows the rows of an import: who cites whom, and related posts, in jobs of the worker."""

from importlib.util import find_spec

from posts import tasks
from posts.models import Post
from posts.reindexing import AFTER_THE_REST, RELATE_BATCH
from posts.tagging import batches


def follow_up() -> int:
    """Have imported posts related that are not yet, an earlier run's too; return how many.

    A job that is lost is found by the clock, as after any publishing.
    """
    waiting = Post.objects.filter(imported_at__isnull=False, related_at=None)
    pks = list(waiting.order_by("pk").values_list("pk", flat=True))
    _record_citations(pks)
    public = Post.objects.published().filter(imported_at__isnull=False, related_at=None)
    ordered = list(public.order_by("pk").values_list("pk", flat=True))
    later = tasks.relate_posts.configure(priority=AFTER_THE_REST)
    for batch in batches(ordered, RELATE_BATCH):
        later.defer(post_ids=[*batch])
    return len(ordered)


def _record_citations(pks: list[int]) -> None:
    if find_spec("posts.citations") is None:
        return
    from posts import citations

    for batch in batches(pks):
        citations.record(batch)
