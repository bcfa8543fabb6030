"""Comments, and the moderators' decisions about them."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import CheckConstraint, Count, F, Index, Q, UniqueConstraint
from django.urls import reverse
from django.utils import timezone

from comments import markup, states
from comments.decisions import ModerationDecision
from comments.states import STEPS
from posts import visibility
from posts.models import Author, Post

__all__ = ["STEPS", "Comment", "CommentQuerySet", "ModerationDecision"]

DEEPEST = 2  # Three levels: 0, 1, 2.
# What may have public answers; a flood of spam that nobody looked at is passed over unread.
EVER_SHOWN = (
    Q(state__in=["published", "hidden", "removed", "erased"])
    | Q(decided_at__isnull=False)
    | Q(edited_at__isnull=False)  # which may have taken it off the page again
)
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # No look-alikes: people read these aloud.


class NotPublicError(Exception):
    """A comment that is not public cannot be answered in public. Approve it first."""


def new_public_id() -> str:
    """Return 12 random characters (59 bits) that say nothing about order or number."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


class CommentQuerySet(models.QuerySet["Comment"]):
    def published(self) -> Self:
        """Return what readers may see; the twin of `Comment.is_public`."""
        return self.filter(state=Comment.State.PUBLISHED)

    def held(self) -> Self:
        """Return what waits for a moderator."""
        return self.filter(state=Comment.State.HELD)

    def spam(self) -> Self:
        return self.filter(state=Comment.State.SPAM)

    def waiting_count(self) -> int:
        return self.held().count()

    def public_for(self, post: Post | int) -> Self:
        """Return the post's public thread, oldest first; one query.

        Besides published comments it holds the ancestors of published replies that are public no
        more: show those as tombstones (`is_public` is false), without name or text.
        """
        shown = Comment.objects.filter(post=post).published()
        answered = Q(pk__in=shown.exclude(parent=None).values("parent")) | Q(
            pk__in=shown.exclude(parent__parent=None).values("parent__parent")
        )
        return (
            self.filter(Q(state=Comment.State.PUBLISHED) | answered, post=post)
            .only("public_id", "parent", "depth", "state", "name", "body_html", "is_staff",
                  "created_at", "edited_at", "staff_edited_at")
            .order_by("created_at", "pk")
        )  # fmt: skip

    def in_thread(self, root: "Comment") -> Self:
        """Return this comment and what is said below it."""
        return self.filter(Q(pk=root.pk) | Q(parent=root.pk) | Q(parent__parent=root.pk))

    def counts_by_post(self, posts: Sequence[int]) -> dict[int, int]:
        """Return how many comments of each of these posts are public; one query, none for none."""
        rows = self.published().filter(post__in=posts).order_by().values_list("post")
        return dict(rows.annotate(Count("pk"))) if posts else {}

    def for_feed(self, now: datetime, post: Post | None = None) -> Self:
        """Return published comments on one post or on all that are out, newest first."""
        whose = Q(post=post) if post else visibility.published(now, through="post__")
        shown = self.published().filter(whose).select_related("post")
        only = ("public_id", "name", "body_html", "created_at", "edited_at", "staff_edited_at",
                "post__title", "post__slug", "post__is_retracted")  # fmt: skip
        return shown.only(*only).order_by("-created_at", "-pk")

    def for_desk(self) -> Self:
        """Return what the moderation desk shows, without the long columns of the posts."""
        long = ("body", "body_html", "contents", "plain_text")
        return self.select_related("post").defer("body_html", *[f"post__{name}" for name in long])

    def unchanged_since(self, seen: datetime) -> Self:
        """Leave out what came or was edited after somebody looked: a decision is not about it."""
        return self.filter(created_at__lte=seen).exclude(edited_at__gt=seen)

    def approve(self, *, by: User, now: datetime | None = None) -> int:
        """Publish what waits, was taken for spam or was hidden; return how many changed."""
        return self._decide(Comment.State.PUBLISHED, by=by, now=now)

    def mark_spam(self, *, by: User, now: datetime | None = None) -> int:
        return self._decide(Comment.State.SPAM, by=by, now=now)

    def hide(self, *, by: User, now: datetime | None = None) -> int:
        """Take published comments out of sight for now; `approve` brings them back."""
        return self._decide(Comment.State.HIDDEN, by=by, now=now)

    def remove(self, *, by: User, now: datetime | None = None) -> int:
        """Take off the site for good; where a public reply remains, a tombstone shows."""
        return self._decide(Comment.State.REMOVED, by=by, now=now)

    def erase(self, *, by: User | None = None, now: datetime | None = None) -> int:
        """Blank the name and the words for ever; the row stays to hold its replies in place.

        The address is in another table: `notices.forget` deletes that.
        """
        blank = {"name": "", "body": "", "body_html": "", "reasons": [], "submission_key": ""}
        return self._decide(Comment.State.ERASED, by=by, now=now, values=blank)

    def _decide(
        self,
        to: states.State,
        *,
        by: User | None,
        now: datetime | None,
        values: dict[str, Any] | None = None,
    ) -> int:
        """Move the rows still in an allowed state and log each: a race's loser changes none."""
        now = now or timezone.now()
        with transaction.atomic():
            won = list(
                Comment.objects.filter(pk__in=self.order_by().values("pk"), state__in=STEPS[to])
                .order_by("pk")  # One order for everybody: two moderators cannot deadlock.
                .select_for_update(of=("self",))
                .only("state", "score", "reasons")
            )
            ModerationDecision.objects.bulk_create(
                [ModerationDecision.about(comment, to=to, by=by, at=now) for comment in won],
                batch_size=500,
            )
            return Comment.objects.filter(pk__in=[comment.pk for comment in won]).update(
                state=to, decided_at=now, decided_by=by, **values or {}
            )


class Comment(models.Model):
    """What one reader wrote. There is no address here: see `comments.contacts`."""

    State = states.State

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    parent = models.ForeignKey(
        "self", on_delete=models.RESTRICT, null=True, blank=True, related_name="replies",
        db_index=False,  # The index of answers below serves it, and in their order.
    )  # fmt: skip
    depth = models.PositiveSmallIntegerField(default=0, editable=False)
    name = models.CharField(max_length=80, blank=True)
    body = models.TextField("text", blank=True)
    body_html = models.TextField(editable=False, default="", blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.HELD)
    is_staff = models.BooleanField("staff reply", default=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Of a staff reply: who wrote it.",
    )
    created_at = models.DateTimeField(default=timezone.now)
    edited_at = models.DateTimeField(null=True, blank=True)  # by who wrote it
    staff_edited_at = models.DateTimeField(null=True, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    score = models.SmallIntegerField(default=0)
    reasons = models.JSONField(default=list, blank=True)
    submission_key = models.CharField(max_length=64, default="", blank=True, editable=False)

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        permissions = [("moderate_comment", "Can approve, hide and remove comments")]
        indexes = [
            # A post's thread and its comment feed.
            Index(fields=["post", "created_at"], name="comments_comment_public",
                  condition=Q(state="published")),
            # The moderation desk's first page, its count on the admin index, the notice.
            Index(fields=["created_at", "id"], name="comments_comment_waiting",
                  condition=Q(state="held")),
            # The site's newest comments: its feed.
            Index(fields=["-created_at", "-id"], name="comments_comment_latest",
                  condition=Q(state="published")),
            # The threads of a post, a page at a time, and the answers to each comment.
            Index(fields=["post", "created_at", "id"], name="comments_comment_threads",
                  condition=Q(depth=0) & EVER_SHOWN),
            Index(fields=["parent", "created_at", "id"], name="comments_comment_answers",
                  condition=Q(parent__isnull=False)),
            # The comparison with known spam, and the prune after thirty days.
            Index(fields=["created_at"], name="comments_comment_spam", condition=Q(state="spam")),
        ]  # fmt: skip
        constraints = [
            CheckConstraint(
                name="comments_comment_state_known",
                condition=Q(state__in=["spam", "held", "published", "hidden", "removed", "erased"]),
            ),
            CheckConstraint(
                name="comments_comment_three_levels",
                condition=Q(parent=None, depth=0) | Q(parent__isnull=False, depth__in=[1, 2]),
            ),
            CheckConstraint(name="comments_comment_not_own_parent", condition=~Q(parent=F("id"))),
            CheckConstraint(
                name="comments_comment_says_something",
                condition=Q(state="erased") | ~(Q(name="") | Q(body="")),
            ),
            CheckConstraint(
                name="comments_comment_erased_is_empty",
                condition=~Q(state="erased") | Q(name="", body="", body_html=""),
            ),
            CheckConstraint(
                name="comments_comment_user_is_staff", condition=Q(user=None) | Q(is_staff=True)
            ),
            CheckConstraint(
                name="comments_comment_decided_when",
                condition=Q(decided_by=None) | Q(decided_at__isnull=False),
            ),
            # Two clicks on one form; comments that came by no form have no key.
            UniqueConstraint(
                fields=["submission_key"],
                name="comments_comment_submitted_once",
                condition=~Q(submission_key=""),
            ),
            # What the foreign key (parent, post) of migration 0002 refers to.
            UniqueConstraint(fields=["id", "post"], name="comments_comment_id_post"),
        ]

    def __str__(self) -> str:
        return f"Comment {self.public_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the text rendered and, when new, at most on the third level."""
        if self._state.adding:
            self._find_level()
        if kwargs.get("update_fields") is None:
            self.body_html = markup.render(self.body)
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        """Return the comment's own address, which leads to where it stands in its thread."""
        return reverse("comments:comment", args=[self.post.slug, self.public_id])

    @property
    def anchor(self) -> str:
        return f"comment-{self.public_id}"

    @property
    def is_public(self) -> bool:
        """Return whether readers may see name and text; the twin of `CommentQuerySet.published`."""
        return self.state == self.State.PUBLISHED

    def reply(self, *, by: User, body: str, now: datetime | None = None) -> "Comment":
        """Publish an answer by staff at once. Raises NotPublicError when this is not public."""
        if not self.is_public:
            raise NotPublicError("A comment that is not public cannot be answered in public.")
        now = now or timezone.now()
        return Comment.objects.create(
            post=self.post, parent=self, name=_byline(by), body=body, is_staff=True, user=by,
            state=self.State.PUBLISHED, created_at=now, decided_at=now, decided_by=by,
        )  # fmt: skip

    def _find_level(self) -> None:
        """Answers to the third level join it, beside what they answer."""
        while self.parent is not None and self.parent.depth >= DEEPEST:
            self.parent = self.parent.parent
        self.depth = 0 if self.parent is None else self.parent.depth + 1


def _byline(user: User) -> str:
    """Return the name staff show in public: never the log-in name."""
    byline = Author.objects.filter(user=user).values_list("name", flat=True).first()
    return (byline or user.get_full_name() or settings.SITE_NAME)[:80]
