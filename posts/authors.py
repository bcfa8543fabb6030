"""Who writes, and what belongs together."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from posts import visibility


class AuthorQuerySet(models.QuerySet["Author"]):
    def public(self) -> Self:
        """Return authors of whom something is out, each once."""
        return self.filter(visibility.published(timezone.now(), through="posts__")).distinct()


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

    objects: ClassVar[AuthorQuerySet] = AuthorQuerySet.as_manager()  # type: ignore[assignment]

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
