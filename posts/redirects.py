"""Addresses that are no page of the site any more, or never were, and where each of them leads."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import CheckConstraint, Exists, OuterRef, Q
from django.utils import timezone

from posts import visibility
from posts.topics import Tag, TaggedPost


class RedirectQuerySet(models.QuerySet["Redirect"]):
    def at(self, paths: tuple[str, ...]) -> Self:
        """Return the rows of these paths with all that decides their answer; one query."""
        is_public = visibility.published(timezone.now(), through="content_object__")
        public_tag = Exists(TaggedPost.objects.filter(is_public, tag=OuterRef("tag_id")))
        return (
            self.filter(path__in=paths)
            .select_related("post", "tag")
            .only("path", "target", "post__slug", "post__status", "post__published_at", "tag__slug")
            .annotate(has_public_tag=public_tag)
        )


class Redirect(models.Model):
    """One address and where it leads: a post, a topic, a path of ours or another site.

    A row that leads nowhere says that the page is gone for good (410). Rows are read only where no
    page answers, so a live one always wins. Postgres writes the old addresses of posts itself (see
    migration 0010): whatever changes, withdraws or deletes a public post leaves its address here,
    bound to the row and not to its next slug. So there are no chains, and a rename and back is no
    loop. The importer adds rows with `Origin.IMPORT`, by `posts.permalinks.tidy` of the path.
    """

    class Origin(models.TextChoices):
        POST = "post", "A post was here"
        EDITOR = "editor", "Made by an editor"
        IMPORT = "import", "Came with an import"

    path = models.CharField(
        max_length=500, unique=True, help_text="As in the browser’s address bar: /old-address/"
    )
    post = models.ForeignKey(
        "posts.Post",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="redirects",
        help_text="Follows the post wherever its own address moves.",
    )
    tag = models.ForeignKey(
        Tag,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="redirects",
        verbose_name="topic",
    )
    target = models.CharField(
        "address",
        max_length=1000,
        blank=True,
        help_text="A page of this site (/about/) or the full https:// address of another.",
    )
    origin = models.CharField(max_length=6, choices=Origin, default=Origin.EDITOR, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    has_public_tag: bool  # Of rows found by `at`.

    objects: ClassVar[RedirectQuerySet] = RedirectQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            CheckConstraint(name="posts_redirect_path_is_ours", condition=Q(path__startswith="/")),
            CheckConstraint(
                name="posts_redirect_leads_one_way",
                condition=Q(post=None, tag=None) | Q(post=None, target="") | Q(tag=None, target=""),
            ),
            # Nothing that a browser could take for another site: //elsewhere, javascript:, http:.
            CheckConstraint(
                name="posts_redirect_target_is_safe",
                condition=Q(target="") | Q(target__regex=r"^(/([^/\\]|$)|https://[^/\\])"),
            ),
            CheckConstraint(
                name="posts_redirect_origin_known",
                condition=Q(origin__in=["post", "editor", "import"]),
            ),
        ]

    def __str__(self) -> str:
        return self.path

    @property
    def is_gone(self) -> bool:
        return not (self.post_id or self.tag_id or self.target)
