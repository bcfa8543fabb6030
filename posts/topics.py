"""Typed tags, their other names and old addresses, and the topic page each of them has."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import CheckConstraint, Exists, Q, UniqueConstraint
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from taggit.models import ItemBase, TagBase

from pbrsite.paths import path_to
from posts import listings, prose
from posts.listings import ListKind

# The editor writes a space typed beside a brace as an entity at times.
_SPACE = r"(?:\s|&nbsp;)*"
_VARIABLE = re.compile(rf"{{{{{_SPACE}(.*?){_SPACE}}}}}", re.DOTALL)


class TagQuerySet(models.QuerySet["Tag"]):
    def with_post_count(self, now: datetime | None = None) -> Self:
        """Add `post_count`: how many posts of the tag the public sees now; no post is read."""
        return self.annotate(post_count=listings.public_count(ListKind.TAG, now or timezone.now()))

    def public(self, now: datetime | None = None) -> Self:
        """Return tags that lead to something, with `post_count`: a draft's alone are not named."""
        return self.with_post_count(now).filter(post_count__gt=0)

    def most_used_in(self, posts: models.QuerySet[Any]) -> Self:
        """Return the tags of these posts, the most frequent first."""
        filed = self.filter(tagged_posts__content_object__in=posts.order_by().values("pk"))
        return filed.annotate(uses=models.Count("tagged_posts")).order_by("-uses", "name", "pk")

    def known_as(self, name: str) -> Self:
        """Return the tag with this name or other name, however its letters are cased."""
        named = TagAlias.objects.filter(name__iexact=name).values("tag")
        return self.filter(Q(name__iexact=name) | Q(pk__in=named))

    def formerly(self, slug: str) -> Self:
        """Return the tag that had this address once; none when a live tag has it now."""
        return self.filter(former_slugs__slug=slug).exclude(Exists(Tag.objects.filter(slug=slug)))

    def at(self, slugs: Iterable[str]) -> Self:
        """Return the tags with these addresses, of today or of once."""
        slugs = list(slugs)
        moved = TagSlug.objects.filter(slug__in=slugs).exclude(
            slug__in=Tag.objects.filter(slug__in=slugs).values("slug")
        )
        return self.filter(Q(slug__in=slugs) | Q(pk__in=moved.values("tag")))


class Tag(TagBase):
    class Kind(models.TextChoices):
        THEME = "theme", "Theme"
        ORGANISATION = "organisation", "Organisation"
        PERSON = "person", "Person"
        ITEM = "item", "Item"
        PLACE = "place", "Place"

        @property
        def plural(self) -> str:
            return "People" if self == "person" else f"{self.label}s"

    kind = models.CharField(max_length=12, choices=Kind, default=Kind.THEME)
    description = models.CharField(max_length=300, blank=True, help_text="One sentence.")
    heading = models.CharField(
        max_length=160, blank=True, help_text="Of the topic page; the name and “posts” when empty."
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
            ),
            UniqueConstraint(
                Lower("name"),
                name="posts_tag_name_once",
                violation_error_message="There is already a tag of this name.",
            ),
        ]

    @property
    def topic_heading(self) -> str:
        return self.heading or f"{self.name} posts"

    def get_absolute_url(self) -> str:
        return path_to("posts:tag", self.slug)

    def live_introduction(self, post_count: int) -> SafeString:
        """Return the introduction with the number of public posts where the editor asked for it."""

        def value(found: re.Match[str]) -> str:
            return str(post_count) if found[1] == "post_count" else found[0]

        clean = prose.sanitize_introduction(self.introduction)
        return mark_safe(_VARIABLE.sub(value, clean))  # noqa: S308 (sanitised just now)

    def slugify(self, tag: str, i: int | None = None) -> str:
        """Return an address of plain letters, the only ones the site's addresses are made of."""
        return (slugify(tag) or "tag") + (f"-{i}" if i is not None else "")

    def move_to(self, slug: str) -> None:
        """Give the tag another address, the old one leading to it; the caller saves the tag."""
        old: str = getattr(self, "slug")  # noqa: B009 (taggit's fields have no types)
        if slug != old:
            self.former_slugs.filter(slug=slug).delete()
            TagSlug.objects.update_or_create(slug=old, defaults={"tag": self})
            self.slug = slug

    def reindex_posts(self) -> None:
        """Bring the search index of every post of this tag up to date with its names."""
        from posts import reindexing  # It names the models itself.

        links = self.tagged_posts.values_list("content_object_id", flat=True)
        reindexing.refresh(list(links), has_new_tags=False)


class TagAlias(models.Model):
    """Another name for a tag ("MoJ" for Ministry of Justice), found by search."""

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name", "pk"]
        verbose_name_plural = "tag aliases"
        constraints = [
            UniqueConstraint(
                Lower("name"),
                name="posts_tagalias_name_once",
                violation_error_message="Another tag has this other name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse what is a name or other name of another tag, and say of which."""
        self.name = " ".join(self.name.split())
        taken = Tag.objects.known_as(self.name).exclude(pk=self.tag_id).first()
        if taken:
            is_name = taken.name.lower() == self.name.lower()
            said = "is a tag itself" if is_name else f"is another name of “{taken}” already"
            raise ValidationError({"name": f"“{self.name}” {said}. Merge the two tags instead."})


class TagSlug(models.Model):
    """An address a tag has had; it leads to the tag while no live tag has it.

    Bound to the tag and not to its next address, so that there are neither chains nor loops.
    """

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="former_slugs")
    slug = models.CharField(max_length=100, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["slug"]
        verbose_name = "old address"
        verbose_name_plural = "old addresses"

    def __str__(self) -> str:
        return self.slug


class TaggedPost(ItemBase):
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged_posts")
    content_object = models.ForeignKey(
        "posts.Post", on_delete=models.CASCADE, related_name="tagged_posts"
    )

    class Meta:
        constraints = [
            UniqueConstraint(fields=["tag", "content_object"], name="posts_taggedpost_once")
        ]


class FeaturedPost(models.Model):
    """A post an editor put above the list of a topic page."""

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="featured_posts")
    post = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="featured_in")
    position = models.PositiveSmallIntegerField(default=0, help_text="The lowest comes first.")

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "featured post"
        constraints = [
            UniqueConstraint(
                fields=["tag", "post"],
                name="posts_featuredpost_once",
                violation_error_message="This post is featured here already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.post_id}"


def unknown_variables(introduction: str) -> list[str]:
    """Return what stands between double braces and is no variable, as the editor wrote it."""
    found = _VARIABLE.finditer(introduction)
    return [match[0] for match in found if match[1] != "post_count"]


def is_above(tag: Tag, others: Iterable[Tag]) -> list[Tag]:
    """Return those of the tags from which this one can be reached by sub-topics; one query."""
    below: dict[int, set[int]] = {}
    for parent, child in Tag.subtopics.through.objects.values_list("from_tag", "to_tag"):
        below.setdefault(parent, set()).add(child)
    return [other for other in others if tag.pk in reachable(other.pk, below)]


def reachable(start: Any, below: dict[Any, set[Any]]) -> set[Any]:
    """Return the start and all that is below it."""
    seen, waiting = {start}, [start]
    while waiting:
        for child in below.get(waiting.pop(), set()) - seen:
            seen.add(child)
            waiting.append(child)
    return seen
