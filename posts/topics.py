"""Typed tags, their other names, and the topic page each of them has."""

import re
from typing import ClassVar, Self

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from taggit.models import ItemBase, TagBase

from posts import prose, visibility


class TagQuerySet(models.QuerySet["Tag"]):
    def with_post_count(self) -> Self:
        """Add `post_count`: how many posts of the tag the public sees now."""
        is_public = visibility.published(timezone.now(), through="tagged_posts__content_object__")
        return self.annotate(post_count=models.Count("tagged_posts", filter=is_public))

    def public(self) -> Self:
        """Return tags that lead to something, with `post_count`: a draft's alone are not named."""
        return self.with_post_count().filter(post_count__gt=0)


class Tag(TagBase):
    class Kind(models.TextChoices):
        THEME = "theme", "Theme"
        ORGANISATION = "organisation", "Organisation"
        PERSON = "person", "Person"
        ITEM = "item", "Item"
        PLACE = "place", "Place"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.THEME)
    description = models.CharField(max_length=300, blank=True, help_text="One sentence.")
    heading = models.CharField(
        max_length=160, blank=True, help_text="Of the topic page; “<name> posts” when empty."
    )
    introduction = prose.ProseField(
        extensions=prose.INTRODUCTION_EXTENSIONS,
        sanitize=prose.sanitize_introduction,
        blank=True,
        help_text="Write {{ post_count }} where the live number of posts belongs.",
    )
    subtopics = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="parent_topics"
    )
    is_in_navigation = models.BooleanField("in the header", default=False)

    objects: ClassVar[TagQuerySet] = TagQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            CheckConstraint(
                name="posts_tag_kind_known",
                condition=Q(kind__in=["theme", "organisation", "person", "item", "place"]),
            )
        ]

    @property
    def topic_heading(self) -> str:
        return self.heading or f"{self.name} posts"

    def get_absolute_url(self) -> str:
        return reverse("posts:tag", args=[self.slug])

    def live_introduction(self, post_count: int) -> SafeString:
        """Return the introduction with the number of public posts where the editor asked for it."""
        clean = prose.sanitize_introduction(self.introduction)
        return mark_safe(re.sub(r"{{\s*post_count\s*}}", str(post_count), clean))  # noqa: S308

    def reindex_posts(self) -> None:
        """Bring the search index of every post of this tag up to date with its names."""
        from posts import search  # It names the models itself.

        search.index(list(self.tagged_posts.values_list("content_object_id", flat=True)))

    def public_subtopics(self) -> TagQuerySet:
        """Return the sub-topics that have posts, by name."""
        return Tag.objects.public().filter(parent_topics=self)


class TagAlias(models.Model):
    """Another name for a tag ("MoJ" for Ministry of Justice), found by search."""

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "tag aliases"
        constraints = [UniqueConstraint(Lower("name"), name="posts_tagalias_name_once")]

    def __str__(self) -> str:
        return self.name


class TaggedPost(ItemBase):
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged_posts")
    content_object = models.ForeignKey(
        "posts.Post", on_delete=models.CASCADE, related_name="tagged_posts"
    )

    class Meta:
        constraints = [
            UniqueConstraint(fields=["tag", "content_object"], name="posts_taggedpost_once")
        ]
