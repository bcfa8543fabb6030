"""Filing many posts under tags at once, and taking them out again."""

from collections.abc import Collection
from itertools import islice
from typing import TYPE_CHECKING, Self

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from posts.topics import Tag, TaggedPost

if TYPE_CHECKING:
    from posts.models import Post  # noqa: F401 (names the rows)

BATCH = 1_000  # rows of one statement


class TaggingQuerySet(models.QuerySet["Post"]):
    """The part of `PostQuerySet` that changes tags; kept apart to be read whole."""

    def lacking(self, tags: Collection[Tag]) -> Self:
        """Return the posts that lack at least one of these tags."""
        return self.filter(_any(~_has(tag) for tag in tags))

    def having(self, tags: Collection[Tag]) -> Self:
        """Return the posts that have at least one of these tags."""
        return self.filter(_any(_has(tag) for tag in tags))

    def with_other_tags(self, tags: Collection[Tag]) -> Self:
        """Return the posts that keep a tag when these are taken away."""
        links = TaggedPost.objects.filter(content_object=OuterRef("pk"))
        return self.filter(Exists(links.exclude(tag__in=tags)))

    def add_tags(self, tags: Collection[Tag]) -> int:
        """File every post under all of these tags; return how many posts that changed.

        One transaction, idempotent. Search and related posts follow (see `posts.reindexing`).
        """
        with transaction.atomic():
            changed = list(self.lacking(tags).order_by("pk").values_list("pk", flat=True))
            links = (TaggedPost(tag=tag, content_object_id=pk) for pk in changed for tag in tags)
            while batch := list(islice(links, BATCH)):
                TaggedPost.objects.bulk_create(batch, ignore_conflicts=True)
            self._retagged(changed)
        return len(changed)

    def remove_tags(self, tags: Collection[Tag]) -> int:
        """Take every post out of all of these tags; return how many posts that changed.

        One transaction, idempotent. A topic label among them gives way to the next theme.
        """
        with transaction.atomic():
            changed = list(self.having(tags).order_by("pk").values_list("pk", flat=True))
            for batch in batches(changed):
                TaggedPost.objects.filter(content_object__in=batch, tag__in=tags).delete()
                self.model.objects.filter(pk__in=batch, topic__in=tags).update(topic=None)
            self._retagged(changed)
        return len(changed)

    def _retagged(self, post_ids: list[int]) -> None:
        """Give the first theme to those without a topic label, then bring the rest up to date."""
        from posts import reindexing  # It names the models itself.

        themes = Tag.objects.filter(
            kind=Tag.Kind.THEME, tagged_posts__content_object=OuterRef("pk")
        )
        first = Subquery(themes.order_by("pk").values("pk")[:1])
        for batch in batches(post_ids):
            self.model.objects.filter(pk__in=batch, topic=None).update(topic=first)
        reindexing.refresh(post_ids)


def batches(pks: list[int], size: int = BATCH) -> list[list[int]]:
    return [pks[start : start + size] for start in range(0, len(pks), size)]


def _has(tag: Tag) -> Exists:
    return Exists(TaggedPost.objects.filter(content_object=OuterRef("pk"), tag=tag))


def _any(conditions: object) -> Q:
    either = Q(pk__in=[])
    for condition in conditions:  # type: ignore[attr-defined]
        either |= Q(condition)
    return either
