"""An editor changing the tags of many posts: with their history kept, and without a long wait."""

from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from posts import revisions
from posts.models import Post, PostQuerySet, Tag, TagChange
from posts.tagging import batches

Verb = Literal["add_tags", "remove_tags"]
BATCH = 100  # posts changed while the editor waits, and by each job after that: about two seconds


def changing(posts: PostQuerySet, verb: Verb, tags: Any) -> list[int]:
    """Return the posts that the verb would change, by number."""
    return posts.lacking(tags) if verb == "add_tags" else posts.having(tags)


def retag(posts: PostQuerySet, verb: Verb, tags: Any, *, by: Any, now: datetime) -> tuple[int, int]:
    """Change the first hundred posts now, have jobs change the rest; return how many of each."""
    from posts import tasks  # It names this module itself.

    first, *rest = batches(changing(posts, verb, tags), BATCH) or [[]]
    tag_pks = [tag.pk for tag in tags]
    with transaction.atomic():
        retag_batch(first, verb, tag_pks, by=by, now=now)
        for batch in rest:
            tasks.retag.defer(post_ids=[*batch], verb=verb, tag_pks=[*tag_pks], by_pk=by.pk)
    return len(first), sum(len(batch) for batch in rest)


def retag_batch(
    post_ids: list[int], verb: Verb, tag_pks: list[int], *, by: Any, now: datetime
) -> None:
    """Change these posts and keep a revision of each. Idempotent.

    A tag merged away since the editor chose it counts as the one it lives on in.
    """
    heirs = TagChange.objects.heirs(tag_pks)
    tags = list(Tag.objects.filter(pk__in={heirs.get(pk, pk) for pk in tag_pks}))
    with transaction.atomic():
        revisions.catch_up(post_ids, now=now)
        posts = Post.objects.filter(pk__in=post_ids)
        change = posts.add_tags if verb == "add_tags" else posts.remove_tags
        change(tags, now=now)
        revisions.record(post_ids, by=by, now=now)
