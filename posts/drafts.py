"""Working copies: what somebody typed into a post's form and has not saved yet.

They live beside the post and never touch its row: neither its state nor any date of it moves, and
no reader's page is made anew. A copy belongs to one person; others see that it is there, and when
it was last changed, but not a word of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Q, UniqueConstraint
from django.http import QueryDict

if TYPE_CHECKING:
    from posts.models import Post

KEPT = timedelta(days=30)
OPEN_MARKS_KEPT = timedelta(days=1)
STILL_OPEN = timedelta(seconds=100)  # Three times as long as an open form is silent.
MOST_SET_ASIDE = 10  # of one person and post


@dataclass(frozen=True)
class Typed:
    """What an open form sends: its fields as {name: values}, empty when it is merely open.

    `key` is the form's own, made when it was opened; `from_key` that of the copy it was filled
    with. `sequence` grows with each message, so that one overtaken on its way changes nothing;
    None is newer than all before.
    """

    key: str
    from_key: str
    sequence: int | None
    based_on: datetime | None
    data: dict[str, list[str]]


class WorkingCopyQuerySet(models.QuerySet["WorkingCopy"]):
    def of(self, user: User) -> Self:
        return self.filter(user=user)

    def typed(self) -> Self:
        """Return those that hold text; the others only say that a form is open."""
        return self.filter(saved_at__isnull=False)

    def current(self) -> Self:
        """Return what a form shows when it is opened again."""
        return self.typed().filter(set_aside_at=None)

    def set_aside(self, now: datetime) -> int:
        return self.current().update(set_aside_at=now)

    def open_elsewhere(self, post: "Post", user: User, now: datetime) -> Self:
        """Return the copies of other people who have the post open, or text of theirs unsaved."""
        is_here = Q(seen_at__gte=now - STILL_OPEN)
        has_text = Q(saved_at__gte=now - OPEN_MARKS_KEPT, set_aside_at=None)
        others = self.filter(is_here | has_text, post=post).exclude(user=user)
        return others.select_related("user").defer("data").order_by("-seen_at", "-pk")

    @transaction.atomic
    def keep(
        self, post: "Post | None", user: User, typed: Typed, *, now: datetime
    ) -> "WorkingCopy":
        """Keep what a form sent, as this person's current copy of the post. Idempotent.

        Another window's copy of the same post is set aside, never written over.
        """
        # One at a time per person: two windows must not both become the current one.
        User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
        copy = self._claimed(user, typed)
        copy.post, copy.seen_at = post, now
        sequence = copy.sequence + 1 if typed.sequence is None else typed.sequence
        if typed.data and sequence > copy.sequence:
            copy.data, copy.based_on = typed.data, typed.based_on
            copy.sequence, copy.saved_at, copy.set_aside_at = sequence, now, None
            if post:
                self._make_room(post, user, copy, now)
        copy.save()
        return copy

    def _claimed(self, user: User, typed: Typed) -> "WorkingCopy":
        """Return the form's own row; at first the one it was filled with, or a new one."""
        rows = self.of(user).filter(key__in=[typed.key, typed.from_key])
        found = {copy.key: copy for copy in rows}
        if typed.key in found:
            return found[typed.key]
        filled_with = found.get(typed.from_key)
        if filled_with is None:
            return WorkingCopy(user=user, key=typed.key)
        filled_with.key, filled_with.sequence = typed.key, 0
        return filled_with

    def _make_room(self, post: "Post", user: User, copy: "WorkingCopy", now: datetime) -> None:
        others = self.of(user).filter(post=post).exclude(pk=copy.pk)
        others.set_aside(now)
        aside = others.filter(set_aside_at__isnull=False).order_by("-set_aside_at", "-pk")
        self.filter(pk__in=aside.values_list("pk", flat=True)[MOST_SET_ASIDE:]).delete()


class WorkingCopy(models.Model):
    """One person's unsaved text of one post; without a post, of one that was never saved.

    A post deleted meanwhile leaves the text behind, as that of a new post.
    """

    post = models.ForeignKey(
        "posts.Post", on_delete=models.SET_NULL, null=True, related_name="working_copies"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=32)
    data = models.JSONField(default=dict)
    sequence = models.BigIntegerField(default=0)
    based_on = models.DateTimeField(null=True)
    saved_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()
    set_aside_at = models.DateTimeField(null=True)

    objects: ClassVar[WorkingCopyQuerySet] = WorkingCopyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "working copies"
        default_permissions = ()  # They go with the right to the post.
        constraints = [
            UniqueConstraint(fields=["user", "key"], name="posts_workingcopy_form_once"),
            UniqueConstraint(
                fields=["user", "post"],
                name="posts_workingcopy_one_current",
                condition=Q(set_aside_at=None, saved_at__isnull=False),
            ),
        ]
        indexes = [
            # Who else has a post open.
            models.Index(fields=["post", "-seen_at"], name="posts_workingcopy_open"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.title}"

    @property
    def title(self) -> str:
        """Return the title as typed, for a list of texts never saved."""
        return str((self.data.get("title") or [""])[0]).strip() or "Untitled"

    @property
    def touched(self) -> str:
        """Return the names of the boxes the person changed, as the form itself noted them."""
        return str((self.data.get("touched") or [""])[0])

    def form_data(self) -> QueryDict:
        """Return what was typed as a form receives it."""
        data = QueryDict(mutable=True)
        for name, values in self.data.items():
            data.setlist(name, values)
        return data

    def set_aside(self, now: datetime) -> None:
        """Keep the text, but have the form show the saved post again."""
        self.set_aside_at = now
        self.save(update_fields=["set_aside_at"])

    def put_back(self, now: datetime) -> None:
        """Make this the current copy of its post again; the one that was is set aside."""
        with transaction.atomic():
            if self.post_id:
                others = WorkingCopy.objects.filter(user=self.user_id, post=self.post_id)
                others.set_aside(now)
            self.set_aside_at = None
            self.save(update_fields=["set_aside_at"])


def prune(now: datetime) -> dict[str, int]:
    """Delete working copies untouched for thirty days, and marks of forms open yesterday."""
    old = Q(seen_at__lt=now - KEPT)
    mere_marks = Q(saved_at=None, seen_at__lt=now - OPEN_MARKS_KEPT)
    return {"working copies": WorkingCopy.objects.filter(old | mere_marks).delete()[0]}


def presence(copies: Sequence[WorkingCopy], now: datetime) -> list[str]:
    """Return a sentence for each person who has the post open or text of it unsaved."""
    said: dict[Any, str] = {}
    for copy in copies:
        name, is_here = name_of(copy.user), copy.seen_at >= now - STILL_OPEN
        words = "has this post open" if is_here else "has unsaved changes of it"
        if copy.saved_at and not copy.set_aside_at:
            words += ", with unsaved changes" if is_here else ""
            words += f" from {_ago(now - copy.saved_at)}"
        said.setdefault(copy.user_id, f"{name} {words}.")
    return list(said.values())


def name_of(user: User) -> str:
    return user.get_full_name() or user.get_username()


def _ago(elapsed: timedelta) -> str:
    minutes = int(elapsed.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} minute{'s' * (minutes > 1)} ago"
    hours = minutes // 60
    return f"{hours} hour{'s' * (hours > 1)} ago"
