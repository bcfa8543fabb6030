"""Comments."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import CheckConstraint, F, Index, Q, UniqueConstraint
from django.urls import reverse
from django.utils import timezone

from comments import markup
from comments.decisions import ModerationDecision
from comments.querysets import PageQuerySet
from comments.states import OPEN, STEPS, State
from posts.models import Author, Post

__all__ = ["STEPS", "Comment", "CommentQuerySet", "ModerationDecision"]

DEEPEST = 2  # Three levels: 0, 1, 2.
EDITABLE_FOR = timedelta(minutes=10)
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


class CommentQuerySet(PageQuerySet):
    def held(self) -> Self:
        """Return what waits for a moderator."""
        return self.filter(state=Comment.State.HELD)

    def spam(self) -> Self:
        return self.filter(state=Comment.State.SPAM)

    def editable(self, now: datetime) -> Self:
        """Return what its writers may still change; the twin of `Comment.is_editable`.

        Not what staff took for spam or took away: the writer's new words do not undo that.
        """
        open_states = Q(state__in=OPEN) | Q(state=State.SPAM, decided_at=None)
        return self.filter(open_states, is_staff=False, created_at__gt=now - EDITABLE_FOR)

    def shown_to_writer(self, post: Post, public_ids: Sequence[str]) -> Self:
        """Return a writer's own, oldest first; what waits and spam look the same to him."""
        shown = self.filter(post=post, public_id__in=public_ids, state__in=(*OPEN, State.SPAM))
        return shown.order_by("created_at", "pk")

    def waiting_count(self) -> int:
        return self.held().count()

    def approve(self, *, by: User, now: datetime | None = None) -> int:
        """Publish what waits, was taken for spam or was hidden; return how many changed."""
        return self._decide(Comment.State.PUBLISHED, by=by, now=now)

    def mark_spam(self, *, by: User, now: datetime | None = None) -> int:
        return self._decide(Comment.State.SPAM, by=by, now=now)

    def file_as_spam(self, *, now: datetime | None = None) -> int:
        """Move to the spam folder what a late check calls so; nobody decided, nothing is learnt."""
        return self._decide(Comment.State.SPAM, by=None, now=now)

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
        to: State,
        *,
        by: User | None,
        now: datetime | None,
        values: dict[str, Any] | None = None,
    ) -> int:
        """Move the rows still in an allowed state and log each: a race's loser changes none."""
        from comments import lessons  # It names this module itself.

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
            lessons.learn(pks := [comment.pk for comment in won], to_state=to, by=by)
            changed = Comment.objects.filter(pk__in=pks)
            count = changed.update(state=to, decided_at=now, decided_by=by, **values or {})
            if to == State.PUBLISHED:
                _tell_readers(changed, now)
            return count


class Comment(models.Model):
    """What one reader wrote. There is no address here: see `comments.contacts`."""

    State = State

    public_id = models.CharField(max_length=12, unique=True, default=new_public_id, editable=False)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="comments")
    parent = models.ForeignKey(
        "self", on_delete=models.RESTRICT, null=True, blank=True, related_name="replies",
        db_index=False,  # The index of answers below serves it, and in their order.
    )  # fmt: skip
    depth = models.PositiveSmallIntegerField(default=0, editable=False)
    answered = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False,
        help_text="Where the third level is full: what this answers, which stands beside it.",
    )  # fmt: skip
    name = models.CharField(max_length=80, blank=True)
    body = models.TextField("text", blank=True)
    body_html = models.TextField(editable=False, default="", blank=True)
    state = models.CharField(max_length=9, choices=State, default=State.HELD)
    is_staff = models.BooleanField("staff reply", default=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True,
        related_name="+", help_text="Of a staff reply: who wrote it.",
    )  # fmt: skip
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
            CheckConstraint(name="comments_comment_user_is_staff",
                            condition=Q(user=None) | Q(is_staff=True)),
            CheckConstraint(name="comments_comment_decided_when",
                            condition=Q(decided_by=None) | Q(decided_at__isnull=False)),
            # Two clicks on one form; comments that came by no form have no key.
            UniqueConstraint(fields=["submission_key"], condition=~Q(submission_key=""),
                             name="comments_comment_submitted_once"),
            # What the foreign key (parent, post) of migration 0002 refers to.
            UniqueConstraint(fields=["id", "post"], name="comments_comment_id_post"),
        ]  # fmt: skip

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

    def is_editable(self, now: datetime) -> bool:
        """Return whether its writer may still change it; the twin of `CommentQuerySet.editable`."""
        is_open = self.state in OPEN or (self.state == State.SPAM and self.decided_at is None)
        return is_open and not self.is_staff and self.created_at > now - EDITABLE_FOR

    def edit(self, *, body: str, score: int, reasons: list[Any], to: str, now: datetime) -> bool:
        """Take the writer's new words in the state they deserve; False when it is too late.

        One UPDATE: with the old words goes what a moderator decided about them.
        """
        with transaction.atomic():
            own = Comment.objects.filter(pk=self.pk)
            changed = own.editable(now).update(
                body=body, body_html=markup.render(body), score=score, reasons=reasons, state=to,
                edited_at=now, decided_at=None, decided_by=None,
            )  # fmt: skip
            if changed and to == State.PUBLISHED:
                _tell_readers(own, now)
        return bool(changed)

    def reply(self, *, by: User, body: str, now: datetime | None = None) -> "Comment":
        """Publish an answer by staff at once. Raises NotPublicError when this is not public."""
        if not self.is_public:
            raise NotPublicError("A comment that is not public cannot be answered in public.")
        now = now or timezone.now()
        answer = Comment.objects.create(
            post=self.post, parent=self, name=_byline(by), body=body, is_staff=True, user=by,
            state=self.State.PUBLISHED, created_at=now, decided_at=now, decided_by=by,
        )  # fmt: skip
        _tell_readers(Comment.objects.filter(pk=answer.pk), now)
        return answer

    def _find_level(self) -> None:
        """Answers to the third level join it, beside what they answer."""
        if self.parent is not None and self.parent.depth >= DEEPEST:
            self.answered = self.parent
        while self.parent is not None and self.parent.depth >= DEEPEST:
            self.parent = self.parent.parent
        self.depth = 0 if self.parent is None else self.parent.depth + 1


def _byline(user: User) -> str:
    """Return the name staff show in public: never the log-in name."""
    byline = Author.objects.filter(user=user).values_list("name", flat=True).first()
    return (byline or user.get_full_name() or settings.SITE_NAME)[:80]


def _tell_readers(published: CommentQuerySet, now: datetime) -> None:
    from comments import replies

    replies.owe(published, now=now)  # What was published already owes nothing anew.
