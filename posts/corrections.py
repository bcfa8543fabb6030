"""Public notices of what was wrong, has changed or no longer stands; and the dates they give.

`updated` on a page, in a feed, in the sitemap and for machines comes from a notice or from an
editor's tick ("this is a real change"), never from a save. Postgres keeps the newest notice's date
and the retraction beside the post (see migration 0012), so that no list has to look here.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import CheckConstraint, OuterRef, Q
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.html import format_html, linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe

from posts import visibility

if TYPE_CHECKING:
    from posts.models import Post

CLOCKS_DIFFER = timedelta(minutes=5)  # The form opens with the time of the editor's own clock.


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def public(self, now: datetime) -> Self:
        """Return the notices of what the public sees."""
        return self.filter(visibility.published(now, through="post__"))

    def for_list(self) -> Self:
        """Return what the page of all corrections shows, newest first."""
        titled = ("post__title", "post__slug", "post__is_retracted")
        return self.select_related("post").only("kind", "text", "noted_at", *titled).order_by(
            "-noted_at", "-pk"
        )  # fmt: skip


class Correction(models.Model):
    """One notice, at the top of its post for good: mending the text does not take it away."""

    class Kind(models.TextChoices):
        CORRECTION = "correction", "Correction"
        UPDATE = "update", "Update"
        RETRACTION = "retraction", "Retraction"

    post = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="corrections")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CORRECTION)
    text = models.TextField(
        validators=[MaxLengthValidator(2_000)],
        help_text="What was wrong and what is right, or what is new. Plain text; a full https:// "
        "address becomes a link.",
    )
    noted_at = models.DateTimeField("date", default=timezone.now)
    noted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    objects: ClassVar[CorrectionQuerySet] = CorrectionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-noted_at", "-pk"]
        indexes = [
            # /corrections/
            models.Index(fields=["-noted_at", "-id"], name="posts_correction_newest"),
        ]
        constraints = [
            CheckConstraint(
                name="posts_correction_kind_known",
                condition=Q(kind__in=["correction", "update", "retraction"]),
            ),
            CheckConstraint(name="posts_correction_says_something", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_kind_display()}, {format_date(timezone.localtime(self.noted_at), 'j F Y')}"
        )

    def clean(self) -> None:
        if self.noted_at and self.noted_at > timezone.now() + CLOCKS_DIFFER:
            raise ValidationError({"noted_at": "The date of a notice cannot lie in the future."})

    @property
    def html(self) -> SafeString:
        """Return the text as paragraphs, escaped, with its addresses as links."""
        return mark_safe(linebreaks(urlize(self.text, autoescape=True)))  # noqa: S308


class Correctable(models.Model):
    """What notices do to a post; part of `Post`, kept apart to be read whole."""

    revised_at = models.DateTimeField(
        "date of last real change", null=True, blank=True, editable=False
    )
    # Both are kept by Postgres from the notices; whatever is written here it puts right.
    corrected_at = models.DateTimeField(null=True, blank=True, editable=False)
    is_retracted = models.BooleanField(default=False, editable=False)

    if TYPE_CHECKING:
        title: str
        corrections: Any

    class Meta:
        abstract = True

    @property
    def updated_at(self) -> datetime | None:
        """Return when readers were last told of a change; None when nothing they need to know."""
        return max(filter(None, [self.revised_at, self.corrected_at]), default=None)

    @property
    def display_title(self) -> str:
        """Return the title as the public sees it: with a retraction said wherever it stands."""
        return f"Retracted: {self.title}" if self.is_retracted else self.title

    def notices(self) -> list[Correction]:
        """Return the notices, newest first; no query for posts fetched by `for_page`."""
        rows: list[dict[str, Any]] | None = self.__dict__.get("notice_rows")
        if rows is None:
            return list(self.corrections.all()) if self.corrected_at else []
        return [
            Correction(
                kind=row["kind"], text=row["text"], noted_at=datetime.fromisoformat(row["noted_at"])
            )
            for row in rows
        ]


def rows() -> ArraySubquery:
    """Return the notices as part of the query for their posts, which thus costs no query more."""
    mine = Correction.objects.filter(post=OuterRef("pk")).order_by("-noted_at", "-pk")
    return ArraySubquery(mine.values(row=JSONObject(kind="kind", text="text", noted_at="noted_at")))


def feed_html(post: "Post") -> str:
    """Return the notices as a feed shows them, before the body."""
    return "".join(
        format_html("<p><strong>{}</strong></p>{}", notice, notice.html)
        for notice in post.notices()
    )
