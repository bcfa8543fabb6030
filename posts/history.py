"""What is known of each kept revision of a post besides its content."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import CheckConstraint, Q

from posts import moments


class RevisionNoteQuerySet(models.QuerySet["RevisionNote"]):
    def newest_first(self) -> Self:
        return self.order_by("-revision_id")

    def latest_of_each(self, post_ids: list[int]) -> Self:
        """Return the last note of each of the posts that has any."""
        return (
            self.filter(post_id__in=post_ids)
            .order_by("post_id", "-revision_id")
            .distinct("post_id")
        )


class RevisionNote(models.Model):
    """One moment in a post's history: django-reversion keeps the content, this what it was.

    It goes with the post; the content left behind is swept up by `posts.retention`.
    """

    class Kind(models.TextChoices):
        FIRST = "first", "As it was before"
        SAVED = "saved", "Saved"
        SUBMITTED = "submitted", "Submitted for review"
        SCHEDULED = "scheduled", "Scheduled"
        PUBLISHED = "published", "Published"
        WITHDRAWN = "withdrawn", "Withdrawn"
        RESTORED = "restored", "Restored"
        APPLIED = "applied", "Scheduled change applied"
        ELSEWHERE = "elsewhere", "Changed outside this form"

    THINNED = [Kind.SAVED, Kind.ELSEWHERE]  # while the post is not published

    post = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="revision_notes")
    revision = models.OneToOneField(
        "reversion.Revision", on_delete=models.CASCADE, related_name="note"
    )
    kind = models.CharField(max_length=10, choices=Kind)
    # Published, or by the clock to be: what readers saw is kept for good.
    is_published = models.BooleanField()
    # Which tables a revision of that day looked at: no row of one of them means "none".
    relations = models.JSONField(default=list)
    names = models.JSONField(default=dict)

    objects: ClassVar[RevisionNoteQuerySet] = RevisionNoteQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-revision_id"]
        indexes = [
            # A post's history page, and its last revision at each save.
            models.Index(fields=["post", "-revision"], name="posts_revisionnote_history"),
        ]
        constraints = [
            CheckConstraint(
                name="posts_revisionnote_kind_known",
                condition=Q(
                    kind__in=[
                        "first", "saved", "submitted", "scheduled", "published", "withdrawn",
                        "restored", "applied", "elsewhere",
                    ]
                ),
            ),
            CheckConstraint(
                name="posts_revisionnote_published_is_kept",
                condition=~Q(kind__in=["scheduled", "published", "applied"]) | Q(is_published=True),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_kind_display()} (revision {self.revision_id})"

    @property
    def heading(self) -> str:
        """Return what it was in one line, the person by the log-in; `revision__user` is loaded."""
        by = f", by {self.revision.user}" if self.revision.user else ""
        return f"{self.moment}: {self.revision.comment}{by}"

    @property
    def moment(self) -> str:
        """Return when it was, as in “Wednesday 4 March 2026, 14:02 GMT”."""
        return moments.in_words(self.revision.date_created)
