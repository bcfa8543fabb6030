"""Posts, their authors and series, and how they are related."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import uuid4

from cabinet.fields import CabinetForeignKey
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.core.validators import MaxLengthValidator
from django.db import models, transaction
from django.db.models import CheckConstraint, F, Q, UniqueConstraint
from django.utils import timezone
from taggit.managers import TaggableManager

from pbrsite.database.statements import Statement
from pbrsite.paths import path_to
from posts import citations, library, prose, rendering
from posts.authors import Author, CoAuthor
from posts.changes import ScheduledChange
from posts.citations import Citation, Cited
from posts.corrections import Correctable, Correction
from posts.drafts import WorkingCopy
from posts.frequencies import DocumentFrequency
from posts.history import RevisionNote
from posts.imports import ImportedItem
from posts.indexing import SearchEntry, SearchTerm
from posts.library import Image, ImageUse
from posts.listings import ListEntry, ListTally
from posts.misses import SearchMiss
from posts.missing import MissingPage
from posts.previews import PreviewLink
from posts.publishing import Publishing
from posts.querysets import PostQuerySet
from posts.redirects import Redirect
from posts.relatives import RelatedChoice, RelatedPost
from posts.series import AnnouncedPart, Outline, Series
from posts.slugs import validate_slug
from posts.strictness import GateRule
from posts.tagchanges import TagChange
from posts.termvectors import TermVector
from posts.topics import FeaturedPost, Tag, TagAlias, TaggedPost, TagSlug

__all__ = [
    "AnnouncedPart", "Author", "Citation", "CoAuthor", "Correction", "DocumentFrequency",
    "FeaturedPost", "GateRule", "Image", "ImageUse", "ImportedItem", "ListEntry", "ListTally",
    "MissingPage", "Post", "PostQuerySet", "PreviewLink", "Redirect", "RelatedChoice",
    "RelatedPost", "RevisionNote", "ScheduledChange", "SearchEntry", "SearchMiss", "SearchTerm",
    "Series", "Tag", "TagAlias", "TagChange", "TagSlug", "TaggedPost", "TermVector", "WorkingCopy",
]  # fmt: skip


def new_feed_id() -> str:
    """Return a name no other entry of any feed has (RFC 9562, RFC 8141)."""
    return uuid4().urn


RELATED_SHOWN = 5
MADE_FROM_BODY = ("body_html", "contents", "plain_text", "word_count")


class Post(Publishing, Correctable, Cited):  # type: ignore[django-manager-missing]  # taggit has no types.
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
    body = prose.ProseField(extensions=prose.EXTENSIONS, blank=True)
    excerpt = models.TextField(
        blank=True,
        validators=[MaxLengthValidator(700)],
        help_text="The passage you choose for lists and e-mail; not simply the first words.",
    )
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="posts")
    series = models.ForeignKey(
        Series, on_delete=models.PROTECT, null=True, blank=True, related_name="posts"
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
    lead_image_is_decorative = models.BooleanField(
        "only decoration", default=False, help_text="It says nothing the text does not say."
    )
    lead_image_credit = models.CharField("credit", max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    imported_at = models.DateTimeField(null=True, blank=True, editable=False)
    wordpress_id = models.PositiveIntegerField(null=True, blank=True, unique=True, editable=False)
    # What feed readers know the post by, for ever: no change of slug, title or domain moves it.
    feed_id = models.CharField(max_length=300, unique=True, default=new_feed_id, editable=False)
    related_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_open_to_comments = models.BooleanField("open to comments", default=True)
    is_mailed = models.BooleanField("send in the noon e-mail", default=True)

    # Made from the body on each save by posts.rendering; never typed.
    body_html = models.TextField(editable=False, default="", blank=True)
    contents = models.JSONField(editable=False, default=list, blank=True)
    plain_text = models.TextField(editable=False, default="", blank=True)
    word_count = models.PositiveIntegerField(editable=False, default=0)

    tags = TaggableManager(through=TaggedPost, blank=True, help_text="Separated by commas.")

    # The series as seen from here: see SeriesQuerySet.prefetch_outlines.
    outline: Outline | None = None

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
            # /sitemap.xml: the last change of each stretch of posts, without reading them.
            models.Index(
                fields=["id"], name="posts_post_sitemap",
                include=["published_at", "revised_at", "corrected_at"],
                condition=Q(status="published"),
            ),
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
            # The embargo, kept here once for every page, feed, search, mail and picture.
            CheckConstraint(
                name="posts_post_not_before",
                condition=~Q(status="published")
                | Q(not_before=None)
                | Q(published_at__gte=F("not_before")),
            ),
            CheckConstraint(
                name="posts_post_part_of_series",
                condition=Q(series_position=None) | Q(series__isnull=False),
            ),
            UniqueConstraint(
                fields=["series", "series_position"],
                name="posts_post_part_once",
                violation_error_message=(
                    "Another post is this part of the series already. Give this one the next "
                    "free number, or change the other first."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the body rendered; the tags' part of the search index follows in `reindex`."""
        fields, is_new = kwargs.get("update_fields"), self._state.adding
        if fields is None or "body" in fields:
            self.render_body()
        if fields is not None and "body" in fields:
            kwargs["update_fields"] = {*fields, *MADE_FROM_BODY}
        super().save(*args, **kwargs)
        if fields is None or {"body", "lead_image"} & set(fields):
            library.record_uses([self], are_new=is_new)
        if fields is None or "body" in fields:
            citations.replace({self.pk: self.body_html}, are_new=is_new)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the post, locked before what hangs on it: see `PostQuerySet.delete`."""
        with transaction.atomic():
            Post.objects.filter(pk=self.pk).hold()
            return super().delete(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return path_to("posts:detail", self.slug)

    def is_open_to(self, user: AbstractBaseUser | AnonymousUser) -> bool:
        """Return whether that member of staff may see it; the twin of `PostQuerySet.open_to`."""
        if isinstance(user, PermissionsMixin) and user.has_perm("posts.publish_post"):
            return True
        if user.is_authenticated and user.pk in {self.created_by_id, self.author.user_id}:
            return True
        return self.co_authorships.filter(author__user__isnull=False, author__user=user.pk).exists()

    @property
    def reading_minutes(self) -> int:
        return max(1, round(self.word_count / 230))

    def byline(self) -> list[Author]:
        """Return every author in order; no query after `for_page`, else one."""
        if hasattr(self, "co_author_rows"):
            further = [Author(**row) for row in self.co_author_rows]
        else:
            further = [row.author for row in self.co_authorships.select_related("author")]
        return [self.author, *(author for author in further if author != self.author)]

    def is_part_taken(self) -> bool:
        """Return whether another post is this part of the series; one query, none for no part."""
        others = Post.objects.exclude(pk=self.pk).filter(series=self.series_id)
        return bool(
            self.series_position and others.filter(series_position=self.series_position).exists()
        )

    @property
    def summary(self) -> str:
        """Return the excerpt, or the standfirst where none was chosen."""
        return self.excerpt or self.standfirst

    def render_body(self) -> None:
        known = library.pictures_in(self.body)
        self.take_rendering(rendering.render(self.body, known, key=self.slug))

    def take_rendering(self, rendered: rendering.Rendering) -> None:
        """Hold what was made of the body as it is."""
        self.body_html = rendered.html
        self.contents = rendered.contents
        self.plain_text = rendered.text
        self.word_count = len(rendered.text.split())

    def reindex(self) -> None:
        """Bring search up to date now and related posts in a job; call after tags are saved."""
        from posts import search, tasks  # They name this model themselves.

        if self.topic_id is None:
            self.topic = self.tags.filter(kind=Tag.Kind.THEME).order_by("pk").first()
        self.related_at = None  # Should the job be lost, the clock finds the post by this.
        self.save(update_fields=["topic", "related_at"])
        search.index([self.pk])
        tasks.relate.defer(post_id=self.pk)

    def leave_lists(self) -> None:
        """Have the lists refilled in which it stands; hidden there it is at once."""
        from posts import relatedness, tasks  # They name this model themselves.

        if holders := relatedness.holders(self.pk):
            tasks.relate_posts.defer(post_ids=[*holders])

    def related(self, now: datetime | None = None) -> list["Post"]:
        """Return the five posts to show beside this one: stored, public ones only; one query."""
        return _related(self.pk, now or timezone.now())


@Statement
def _related(pk: int, now: datetime) -> PostQuerySet:
    rows = Post.objects.published(now).for_list().filter(related_to__post=pk)
    return rows.order_by("related_to__position")[:RELATED_SHOWN]
