"""Posts and what belongs to them: authors, series, tags, images, related posts."""

from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

from cabinet.base import AbstractFile, ImageMixin
from cabinet.fields import CabinetForeignKey
from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django_prose_editor.fields import ProseEditorField
from taggit.managers import TaggableManager
from taggit.models import ItemBase, TagBase

from posts import images, prose, rendering
from posts.slugs import validate_slug

RELATED_SHOWN = 5


class Author(models.Model):
    """A byline; guests have one without a log-in."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    role = models.CharField(max_length=160, blank=True, help_text="Shown under the name.")
    bio = models.TextField(blank=True, help_text="Two or three sentences; plain text.")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="byline",
        help_text="The log-in of this author, if there is one.",
    )

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("posts:author", args=[self.slug])


class Series(models.Model):
    title = models.CharField(max_length=160)
    slug = models.SlugField(max_length=120, unique=True)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["title", "pk"]
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.title


class Image(AbstractFile, ImageMixin):
    """One image of the media library, cleaned on upload (see `posts.images`)."""

    FILE_FIELDS = ["image_file"]

    image_file = images.ImageFileField(
        upload_to="images/%Y/%m",
        width_field="image_width",
        height_field="image_height",
        ppoi_field="image_ppoi",
        blank=True,
        max_length=500,
        formats={"card": ["default", ("thumbnail", (640, 640))],
                 "wide": ["default", ("thumbnail", (1280, 1280))]},
    )  # fmt: skip
    credit = models.CharField(max_length=200, blank=True)
    checksum = models.CharField(max_length=64, blank=True, editable=False, db_index=True)

    class Meta(AbstractFile.Meta):
        abstract = False
        verbose_name = "image"
        verbose_name_plural = "images"

    def clean(self) -> None:
        super().clean()
        self._clean_upload()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._clean_upload()
        super().save(*args, **kwargs)

    def _clean_upload(self) -> None:
        """Replace a new upload by its cleaned copy, once (the form cleans, then saves)."""
        if not self.image_file or self.image_file._committed or self.checksum_is_fresh:
            return
        content = images.cleaned(self.image_file)
        self.image_file = content
        self.checksum = images.checksum(content)
        self.checksum_is_fresh = True

    checksum_is_fresh = False


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
    introduction = ProseEditorField(
        extensions=prose.INTRODUCTION_EXTENSIONS,
        sanitize=True,
        blank=True,
        help_text="Write {{ post_count }} where the live number of posts belongs.",
    )
    subtopics = models.ManyToManyField(
        "self", symmetrical=False, blank=True, related_name="parent_topics"
    )
    is_in_navigation = models.BooleanField("in the header", default=False)

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
        "Post", on_delete=models.CASCADE, related_name="tagged_posts"
    )

    class Meta:
        constraints = [
            UniqueConstraint(fields=["tag", "content_object"], name="posts_taggedpost_once")
        ]


class PostQuerySet(models.QuerySet["Post"]):
    def published(self, now: datetime | None = None) -> Self:
        """Return what the public sees at this moment; the twin of `Post.is_published`."""
        return self.filter(
            status=Post.Status.PUBLISHED, published_at__lte=now or timezone.now()
        )

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


class Post(models.Model):
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
    tagged_posts: models.Manager[TaggedPost]

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
    def published_on(self) -> date | None:
        """Return the day of publication in the site's zone."""
        return timezone.localtime(self.published_at).date() if self.published_at else None

    @cached_property
    def summary(self) -> str:
        """Return the excerpt, or the standfirst where none was chosen."""
        return self.excerpt or self.standfirst

    def render_body(self) -> None:
        rendered = rendering.render(self.body)
        self.body_html = rendered.html
        self.contents = rendered.contents
        self.plain_text = rendered.text
        self.word_count = len(rendered.text.split())

    def publish(self, *, at: datetime) -> None:
        """Make public at that time, now or later, and have the related posts computed."""
        with transaction.atomic():
            self.status = self.Status.PUBLISHED
            self.published_at = at
            self.save(update_fields=["status", "published_at", "saved_at"])
            self.reindex()

    def withdraw(self) -> None:
        """Take off the public site; the row, its comments and its history stay."""
        self.status = self.Status.WITHDRAWN
        self.save(update_fields=["status", "saved_at"])

    def reindex(self) -> None:
        """Bring search up to date now and related posts in a job; call after tags are saved."""
        from posts import search, tasks  # They name this model themselves.

        if self.topic_id is None:
            self.topic = self.tags.filter(kind=Tag.Kind.THEME).order_by("pk").first()
            self.save(update_fields=["topic"])
        search.index(Post.objects.filter(pk=self.pk))
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


class RelatedPost(models.Model):
    """One stored answer to "what else should a reader of this post see?", with its reason.

    More rows are stored than shown, so that a withdrawn relative leaves no gap.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="relatives")
    related = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="related_to")
    position = models.PositiveSmallIntegerField()
    score = models.FloatField()
    reason = models.JSONField(default=dict)

    class Meta:
        ordering = ["position"]
        constraints = [
            UniqueConstraint(fields=["post", "related"], name="posts_relatedpost_once"),
            UniqueConstraint(fields=["post", "position"], name="posts_relatedpost_position_once"),
            CheckConstraint(name="posts_relatedpost_not_itself", condition=~Q(post=F("related"))),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.related_id}"


class RelatedChoice(models.Model):
    """The editor's word on a pair of posts: always show it first, or never."""

    class Verdict(models.TextChoices):
        PIN = "pin", "Pin to the top"
        BAN = "ban", "Never show"

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="related_choices")
    related = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=3, choices=Verdict, default=Verdict.PIN)
    position = models.PositiveSmallIntegerField(default=0, help_text="Order among the pins.")

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "related post chosen by hand"
        verbose_name_plural = "related posts chosen by hand"
        constraints = [
            UniqueConstraint(fields=["post", "related"], name="posts_relatedchoice_once"),
            CheckConstraint(name="posts_relatedchoice_not_itself", condition=~Q(post=F("related"))),
            CheckConstraint(
                name="posts_relatedchoice_verdict_known", condition=Q(verdict__in=["pin", "ban"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()}: {self.related_id}"
