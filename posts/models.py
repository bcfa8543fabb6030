"""Posts, their authors and series, and how they are related."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from cabinet.fields import CabinetForeignKey
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models import CheckConstraint, Q
from django.urls import reverse
from django.utils import timezone
from django_prose_editor.fields import ProseEditorField
from taggit.managers import TaggableManager

from posts import prose, rendering, visibility
from posts.authors import Author, Series
from posts.library import Image
from posts.relatives import RelatedChoice, RelatedPost
from posts.slugs import validate_slug
from posts.topics import Tag, TagAlias, TaggedPost

__all__ = [
    "Author", "Image", "Post", "PostQuerySet", "RelatedChoice", "RelatedPost", "Series", "Tag",
    "TagAlias", "TaggedPost",
]  # fmt: skip

RELATED_SHOWN = 5


class PostQuerySet(models.QuerySet["Post"]):
    def published(self, now: datetime | None = None) -> Self:
        """Return what the public sees at this moment; the twin of `Post.is_published`."""
        return self.filter(visibility.published(now or timezone.now()))

    def scheduled(self, now: datetime | None = None) -> Self:
        """Return posts that will appear by the clock alone."""
        return self.filter(status=Post.Status.PUBLISHED, published_at__gt=now or timezone.now())

    def unfinished(self) -> Self:
        return self.filter(status__in=[Post.Status.DRAFT, Post.Status.REVIEW])

    def newest_first(self) -> Self:
        return self.order_by("-published_at", "-pk")

    def for_list(self) -> Self:
        """Return what a card shows, without the long columns."""
        return (
            self.select_related("topic", "author")
            .defer("body", "body_html", "contents", "plain_text", "search_vector")
            .newest_first()
        )

    def for_page(self) -> Self:
        """Return what the post's own page shows, in two queries."""
        return (
            self.select_related("author", "topic", "series", "lead_image")
            .prefetch_related("tags")
            .defer("body", "plain_text", "search_vector")
        )

    def in_year(self, year: int) -> Self:
        """Return posts published in that calendar year of the site's zone."""
        first = datetime(year, 1, 1, tzinfo=settings.ZONE)
        return self.between(first, first.replace(year=year + 1))

    def between(self, start: datetime, end: datetime) -> Self:
        """Return posts published in that half-open stretch of time."""
        return self.filter(published_at__gte=start, published_at__lt=end)

    def tagged(self, tag: "Tag") -> Self:
        return self.filter(tagged_posts__tag=tag)

    def for_digest(self, *, cutoff: datetime, oldest: timedelta = timedelta(days=7)) -> Self:
        """Return posts a digest may carry: public before the cutoff, ours, new, not held back."""
        return self.published(cutoff).filter(
            published_at__lt=cutoff,
            published_at__gte=cutoff - oldest,
            is_mailed=True,
            imported_at=None,
        )


class Post(models.Model):  # type: ignore[django-manager-missing]  # taggit has no types.
    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        REVIEW = "review", "In review"
        PUBLISHED = "published", "Published"
        WITHDRAWN = "withdrawn", "Withdrawn"

    title = models.CharField(max_length=160)
    slug = models.SlugField(
        max_length=120,
        unique=True,
        validators=[validate_slug],
        help_text="The address of the post: /slug/",
    )
    standfirst = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(400)],
        help_text="One or two sentences under the title.",
    )
    body = ProseEditorField(extensions=prose.EXTENSIONS, sanitize=True, blank=True)
    excerpt = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(700)],
        help_text="The passage you choose for lists and e-mail; not simply the first words.",
    )
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="posts")
    series = models.ForeignKey(
        Series, on_delete=models.SET_NULL, null=True, blank=True, related_name="posts"
    )
    series_position = models.PositiveSmallIntegerField("part", null=True, blank=True)
    topic = models.ForeignKey(
        Tag,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="labelled_posts",
        verbose_name="topic label",
        help_text="Shown above the title. Left empty, the first theme among the tags.",
    )
    lead_image = CabinetForeignKey(
        on_delete=models.PROTECT, null=True, blank=True, related_name="lead_posts"
    )
    lead_image_alt = models.CharField(
        "alternative text",
        max_length=300,
        blank=True,
        help_text="What the image shows, for people who cannot see it.",
    )
    lead_image_credit = models.CharField("credit", max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    published_at = models.DateTimeField(
        null=True, blank=True, help_text="A time to come schedules the post."
    )
    revised_at = models.DateTimeField(
        "date of last real change",
        null=True,
        blank=True,
        help_text="Shown as “updated”. Small corrections leave it alone.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    saved_at = models.DateTimeField(auto_now=True)
    imported_at = models.DateTimeField(null=True, blank=True, editable=False)
    related_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_open_to_comments = models.BooleanField("open to comments", default=True)
    is_mailed = models.BooleanField("send in the noon e-mail", default=True)

    # Made from the body on each save by posts.rendering; never typed.
    body_html = models.TextField(editable=False, default="", blank=True)
    contents = models.JSONField(editable=False, default=list, blank=True)
    plain_text = models.TextField(editable=False, default="", blank=True)
    word_count = models.PositiveIntegerField(editable=False, default=0)
    # Made by posts.search from the columns above and the tags.
    search_vector = SearchVectorField(null=True, editable=False)

    tags = TaggableManager(through=TaggedPost, blank=True, help_text="Separated by commas.")

    objects: ClassVar[PostQuerySet] = PostQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-published_at", "-pk"]
        permissions = [("publish_post", "Can publish and withdraw posts")]
        indexes = [
            # Home, archives and feeds: the newest public posts.
            models.Index(
                fields=["-published_at", "-id"], name="posts_post_public",
                condition=Q(status="published"),
            ),
            # An author's page.
            models.Index(
                fields=["author", "-published_at", "-id"], name="posts_post_author",
                condition=Q(status="published"),
            ),
            # /search/
            GinIndex("search_vector", name="posts_post_search"),
        ]  # fmt: skip
        constraints = [
            CheckConstraint(
                name="posts_post_status_known",
                condition=Q(status__in=["draft", "review", "published", "withdrawn"]),
            ),
            CheckConstraint(
                name="posts_post_published_has_time",
                condition=~Q(status="published") | Q(published_at__isnull=False),
            ),
            CheckConstraint(
                name="posts_post_part_of_series",
                condition=Q(series_position=None) | Q(series__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the body rendered; the tags' part of the search index follows in `reindex`."""
        if kwargs.get("update_fields") is None:
            self.render_body()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("posts:detail", args=[self.slug])

    def is_published(self, now: datetime | None = None) -> bool:
        """Return whether the public sees it; the twin of `PostQuerySet.published`."""
        return (
            self.status == self.Status.PUBLISHED
            and self.published_at is not None
            and self.published_at <= (now or timezone.now())
        )

    def is_scheduled(self, now: datetime | None = None) -> bool:
        return self.status == self.Status.PUBLISHED and not self.is_published(now)

    @property
    def reading_minutes(self) -> int:
        return max(1, round(self.word_count / 230))

    @property
    def summary(self) -> str:
        """Return the excerpt, or the standfirst where none was chosen."""
        return self.excerpt or self.standfirst

    def render_body(self) -> None:
        rendered = rendering.render(self.body)
        self.body_html = rendered.html
        self.contents = rendered.contents
        self.plain_text = rendered.text
        self.word_count = len(rendered.text.split())

    def publish(self, *, at: datetime) -> bool:
        """Make public at that time, now or later, and have the related posts computed.

        Returns False and changes nothing when the post is out already: its date stays.
        """
        with transaction.atomic():
            if self._locked_status() == self.Status.PUBLISHED and self.is_published(at):
                return False
            self.status = self.Status.PUBLISHED
            self.published_at = at
            self.save(update_fields=["status", "published_at", "saved_at"])
            self.reindex()
        return True

    def withdraw(self) -> bool:
        """Take off the public site; the row, its comments and its history stay.

        Returns False for a post that is not out.
        """
        with transaction.atomic():
            if self._locked_status() != self.Status.PUBLISHED:
                return False
            self.status = self.Status.WITHDRAWN
            self.save(update_fields=["status", "saved_at"])
        return True

    def _locked_status(self) -> str:
        """Lock the row until the transaction ends, and read anew what decides."""
        Post.objects.select_for_update(of=("self",)).only("pk").get(pk=self.pk)
        self.refresh_from_db(fields=["status", "published_at"])
        return self.status

    def reindex(self) -> None:
        """Bring search up to date now and related posts in a job; call after tags are saved."""
        from posts import search, tasks  # They name this model themselves.

        if self.topic_id is None:
            self.topic = self.tags.filter(kind=Tag.Kind.THEME).order_by("pk").first()
        self.related_at = None  # Should the job be lost, the clock finds the post by this.
        self.save(update_fields=["topic", "related_at"])
        search.index([self.pk])
        tasks.relate.defer(post_id=self.pk)

    def related(self, now: datetime | None = None) -> list["Post"]:
        """Return the five posts to show beside this one: stored, public ones only; one query."""
        rows = (
            Post.objects.published(now)
            .for_list()
            .filter(related_to__post=self)
            .order_by("related_to__position")
        )
        return list(rows[:RELATED_SHOWN])

    def neighbours_in_series(self) -> tuple["Post | None", "Post | None"]:
        """Return the public parts before and after this one; one query, none without a series."""
        if self.series_id is None:
            return None, None
        parts = list(
            Post.objects.published()
            .filter(series_id=self.series_id)
            .only("title", "slug", "series_position")
            .order_by("series_position", "published_at", "pk")
        )
        here = parts.index(self)
        before = parts[here - 1] if here else None
        return before, parts[here + 1] if here + 1 < len(parts) else None
