"""Who writes: bylines, with or without a log-in, one or several to a post."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import UniqueConstraint
from django.utils import timezone

from pbrsite.paths import path_to
from posts import listings
from posts.listings import ListKind


class AuthorQuerySet(models.QuerySet["Author"]):
    def public(self, now: datetime | None = None) -> Self:
        """Return authors of whom something is out, alone or with others; each once."""
        return self.filter(listings.is_public(ListKind.AUTHOR, now or timezone.now()))


class Author(models.Model):
    """A byline; guests have one without a log-in."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    role = models.CharField(max_length=160, blank=True, help_text="Shown under the name.")
    bio = models.TextField(blank=True, help_text="Two or three sentences; plain text.")
    is_organisation = models.BooleanField(
        "an organisation",
        default=False,
        help_text="Its name is never taken apart into first name and surname in citations.",
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="byline",
        help_text="The log-in of this author, if there is one.",
    )

    objects: ClassVar[AuthorQuerySet] = AuthorQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return path_to("posts:author", self.slug)

    def reindex_posts(self) -> None:
        """Bring the search index of every post of this author up to date with the name."""
        from posts import reindexing  # It names the models itself.

        alone = self.posts.values_list("pk", flat=True)
        further = self.co_authorships.values_list("post_id", flat=True)
        reindexing.refresh({*alone, *further}, has_new_tags=False)


class CoAuthor(models.Model):
    """A further author of a post, after the one the post names itself."""

    post = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="co_authorships")
    author = models.ForeignKey(Author, on_delete=models.PROTECT, related_name="co_authorships")
    position = models.PositiveSmallIntegerField(default=0, help_text="Order in the byline.")

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = "further author"
        constraints = [UniqueConstraint(fields=["post", "author"], name="posts_coauthor_once")]

    def __str__(self) -> str:
        return str(self.author_id)
