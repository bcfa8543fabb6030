"""Filing many posts under tags at once, and taking them out again."""

from collections import Counter
from collections.abc import Collection
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import Min
from django.utils import timezone

from posts.topics import Tag, TaggedPost

if TYPE_CHECKING:
    from posts.models import Post  # noqa: F401 (names the rows)

BATCH = 1_000  # rows of one statement


class TaggingQuerySet(models.QuerySet["Post"]):
    """The part of `PostQuerySet` that changes tags; kept apart to be read whole.

    Which posts have a tag is counted here and not by a join: right after thousands were tagged
    Postgres's statistics know nothing of it, and a join took a minute where this takes a second.
    """

    def lacking(self, tags: Collection[Tag]) -> list[int]:
        """Return the posts that lack at least one of these tags, by number."""
        pks = self._pks()
        held = _held(pks, {tag.pk for tag in tags})
        return [pk for pk in pks if held[pk] < len(tags)]

    def having(self, tags: Collection[Tag]) -> list[int]:
        """Return the posts that have at least one of these tags, by number."""
        pks = self._pks()
        held = _held(pks, {tag.pk for tag in tags})
        return [pk for pk in pks if held[pk]]

    def bared_by(self, tags: Collection[Tag]) -> list[int]:
        """Return the posts that would have no tag at all without these, by number."""
        having = self.having(tags)
        held, all_held = _held(having, {tag.pk for tag in tags}), _held(having)
        return [pk for pk in having if held[pk] == all_held[pk]]

    def add_tags(self, tags: Collection[Tag], *, now: datetime | None = None) -> int:
        """File every post under all of these tags; return how many posts that changed.

        One transaction, idempotent. Search and related posts follow (see `posts.reindexing`).
        """
        with transaction.atomic(savepoint=False):
            changed = self.lacking(tags)
            self.mark_saved(changed, at=now or timezone.now())
            links = (TaggedPost(tag=tag, content_object_id=pk) for pk in changed for tag in tags)
            while batch := list(islice(links, BATCH)):
                TaggedPost.objects.bulk_create(batch, ignore_conflicts=True)
            self._retagged(changed)
        return len(changed)

    def remove_tags(self, tags: Collection[Tag], *, now: datetime | None = None) -> int:
        """Take every post out of all of these tags; return how many posts that changed.

        One transaction, idempotent. A topic label among them gives way to the next theme.
        """
        with transaction.atomic():
            changed = self.having(tags)
            self.mark_saved(changed, at=now or timezone.now())
            for batch in batches(changed):
                TaggedPost.objects.filter(content_object__in=batch, tag__in=tags).delete()
                self.model.objects.filter(pk__in=batch, topic__in=tags).update(topic=None)
            self._retagged(changed)
        return len(changed)

    def mark_saved(self, post_ids: Collection[int], *, at: datetime) -> None:
        """Have forms of these posts that are open notice the change: one UPDATE per batch.

        To be called first: a form sent meanwhile then waits for these rows, and sees it.
        """
        for batch in batches(sorted(post_ids)):
            self.model.objects.filter(pk__in=batch).update(saved_at=at)

    def _pks(self) -> list[int]:
        return list(self.order_by("pk").values_list("pk", flat=True))

    def _retagged(self, post_ids: list[int]) -> None:
        """Give the first theme to those without a topic label, then bring the rest up to date."""
        from posts import reindexing  # It names the models itself.

        for batch in batches(post_ids):
            self._label(batch)
        reindexing.refresh(post_ids)

    def _label(self, post_ids: list[int]) -> None:
        """Write the first theme of each post without a topic label: two queries, one per theme."""
        bare = self.model.objects.filter(pk__in=post_ids, topic=None)._pks()
        themes = TaggedPost.objects.filter(content_object__in=bare, tag__kind=Tag.Kind.THEME)
        first = themes.values("content_object").annotate(first=Min("tag"))
        posts_of: dict[int, list[int]] = {}
        for pk, theme in first.values_list("content_object", "first"):
            posts_of.setdefault(theme, []).append(pk)
        for theme, pks in posts_of.items():
            self.model.objects.filter(pk__in=pks).update(topic=theme)


def batches(pks: list[int], size: int = BATCH) -> list[list[int]]:
    return [pks[start : start + size] for start in range(0, len(pks), size)]


def _held(post_ids: list[int], tag_pks: set[int] | None = None) -> Counter[int]:
    """Return how many of these tags, or of all, each post has."""
    held: Counter[int] = Counter()
    for batch in batches(post_ids):
        links = TaggedPost.objects.filter(content_object__in=batch)
        links = links if tag_pks is None else links.filter(tag__in=tag_pks)
        held.update(links.order_by().values_list("content_object_id", flat=True))
    return held
