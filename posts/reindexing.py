"""Search and related posts after a change of many posts' tags: a few now, the rest in jobs."""

from collections.abc import Collection

from procrastinate.types import JSONDict

from posts import search, tasks
from posts.models import Post
from posts.tagging import batches

AT_ONCE = 100  # posts whose search index is brought up to date before the editor's next page
INDEX_BATCH = 500
RELATE_BATCH = 50  # about three seconds of a worker


def refresh(post_ids: Collection[int], *, has_new_tags: bool = True) -> None:
    """Have these posts' search index and, with new tags, their related posts renewed.

    Part of the caller's transaction, jobs and all. The public posts are marked as not related yet,
    so that the desk counts them down and the clock finds any whose job was lost.
    """
    ordered = sorted(set(post_ids))
    search.index(ordered[:AT_ONCE])
    for batch in batches(ordered[AT_ONCE:], INDEX_BATCH):
        tasks.index_posts.defer(post_ids=[*batch])
    if not has_new_tags:
        return
    public: list[int] = []
    for batch in batches(ordered):
        posts = Post.objects.published().filter(pk__in=batch)
        public += posts.order_by("pk").values_list("pk", flat=True)
        posts.update(related_at=None)
    later = tasks.relate_posts.configure(priority=tasks.AFTER_THE_REST)
    if public:
        jobs: list[JSONDict] = [{"post_ids": [*some]} for some in batches(public, RELATE_BATCH)]
        later.batch_defer(*jobs)
