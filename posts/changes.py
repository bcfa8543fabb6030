"""A change to a public post that waits for its time: a whole revision that is not live yet."""

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import CheckConstraint, Q, UniqueConstraint

logger = logging.getLogger(__name__)

if TYPE_CHECKING:
    from posts.models import Post
    from posts.snapshots import Merged, Snapshot

# Functions that need `posts.restoration` or `posts.snapshots` import them when they run: these read
# the models, of which this module is a part.


@dataclass(frozen=True)
class Plan:
    """What an editor asks for: this content, at that time, shown as updated or not."""

    after: "Snapshot"
    due_at: datetime
    shows_as_updated: bool


class ScheduledChangeQuerySet(models.QuerySet["ScheduledChange"]):
    def open(self) -> Self:
        """Return changes still to come: one to a post at most."""
        return self.filter(state__in=ScheduledChange.OPEN)

    def due(self, now: datetime) -> Self:
        return self.filter(state=ScheduledChange.State.WAITING, due_at__lte=now)

    def schedule(self, post_id: int, plan: Plan, *, by: Any, now: datetime) -> "ScheduledChange":
        """Keep the change for its time, in place of the one that waited; the public post stays.

        What the post is at this moment is kept beside it: edits made until then are noticed by it.
        """
        from posts import restoration, snapshots

        with transaction.atomic():
            post = restoration.locked(post_id)
            self.open().filter(post=post).update(
                state=ScheduledChange.State.CANCELLED, decided_at=now
            )
            return self.create(
                post=post,
                due_at=plan.due_at,
                shows_as_updated=plan.shows_as_updated,
                before=snapshots.of_post(post).as_json(),
                after=plan.after.as_json(),
                made_by=by,
                made_at=now,
            )

    def apply_due(self, now: datetime) -> int:
        """Apply what is due, and return how many changes became public. Idempotent.

        Each is claimed by its row's lock in a transaction of its own: of two workers one applies
        it, and one that fails keeps no other from its time. What cannot be applied without losing
        somebody's work is held for a decision instead.
        """
        due = self.due(now).order_by("due_at", "pk").values_list("pk", flat=True)
        return sum(self._apply_one(pk, now) for pk in list(due))

    def _apply_one(self, pk: int, now: datetime) -> bool:
        try:
            with transaction.atomic():
                claimed = self.due(now).select_for_update(skip_locked=True).filter(pk=pk).first()
                return claimed is not None and claimed.apply(now=now)
        except Exception as error:  # noqa: BLE001 - whatever one post can break in its rendering
            kind = type(error).__name__  # Its words may quote anything.
            logger.error("Scheduled change %s was not applied: %s", pk, kind)  # noqa: TRY400
            return False


class ScheduledChange(models.Model):
    """What an editor wants a public post to become, with what it was when they decided so."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for its time"
        HELD = "held", "Needs your decision"
        APPLIED = "applied", "Applied"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = [State.WAITING, State.HELD]

    post = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="changes")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    due_at = models.DateTimeField()
    shows_as_updated = models.BooleanField(default=False)
    before = models.JSONField()  # posts.snapshots.Snapshot: the post it was made from …
    after = models.JSONField()  # … and what it is to become.
    held_for = models.JSONField(default=list)  # sentences: why it was not applied
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[ScheduledChangeQuerySet] = ScheduledChangeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [
            # The clock, each minute.
            models.Index(
                fields=["due_at", "id"], name="posts_scheduledchange_due",
                condition=Q(state="waiting"),
            ),
        ]  # fmt: skip
        constraints = [
            UniqueConstraint(
                fields=["post"], name="posts_scheduledchange_one_open",
                condition=Q(state__in=["waiting", "held"]),
            ),
            CheckConstraint(
                name="posts_scheduledchange_state_known",
                condition=Q(state__in=["waiting", "held", "applied", "cancelled"]),
            ),
            CheckConstraint(
                name="posts_scheduledchange_decided_has_time",
                condition=Q(state__in=["waiting", "held"], decided_at=None)
                | Q(state__in=["applied", "cancelled"], decided_at__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.get_state_display()}: change to post {self.post_id}"

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def is_held(self) -> bool:
        return self.state == self.State.HELD

    def merged_onto(self, now: "Snapshot", *, is_now_kept: bool = False) -> "Merged":
        """Return the post as it would be: what is there now with this change carried over."""
        from posts.snapshots import Snapshot, merge, with_heirs

        before, after = (with_heirs(Snapshot.from_json(d)) for d in (self.before, self.after))
        return merge(before, after, now, is_now_kept=is_now_kept)

    def apply(self, *, now: datetime, is_decided: bool = False, is_now_kept: bool = False) -> bool:
        """Make the change public; return False if it was held instead, with the reasons.

        To be called with this row locked. Fields the change did not touch keep what somebody wrote
        there meanwhile; where both wrote it is held, unless an editor decided (`is_decided`) that
        the change wins, or with `is_now_kept` what is there now.
        """
        reasons = self._carry_over(now, is_decided=is_decided, is_now_kept=is_now_kept)
        self.state = self.State.HELD if reasons else self.State.APPLIED
        self.held_for = reasons
        self.decided_at = None if reasons else now
        self.save(update_fields=["state", "held_for", "decided_at"])
        return not reasons

    def cancel(self, now: datetime) -> bool:
        """Set the change aside, to be looked at for a while; False if it was decided already."""
        open_rows = ScheduledChange.objects.open().filter(pk=self.pk)
        return bool(open_rows.update(state=self.State.CANCELLED, decided_at=now))

    def _carry_over(self, now: datetime, *, is_decided: bool, is_now_kept: bool) -> list[str]:
        """Put the change into its post as a new revision; or return why not, nothing changed."""
        from posts import restoration, revisions, snapshots

        with transaction.atomic():
            revisions.catch_up([self.post_id], now=now)
            post = restoration.locked(self.post_id)
            merged = self.merged_onto(snapshots.of_post(post), is_now_kept=is_now_kept)
            reasons = [] if is_decided else [_both(name) for name in merged.conflicts]
            if not post.is_published(now):
                reasons.append("The post is not public any more. Cancel the change or edit it.")
            if not reasons:
                reasons = self._put(post, merged.snapshot, now)
            if reasons:
                transaction.set_rollback(True)
                return reasons
            kind = revisions.Kind.APPLIED
            revisions.record([post.pk], by=self.made_by, now=now, kind=kind)
        return []

    def _put(self, post: "Post", wanted: "Snapshot", now: datetime) -> list[str]:
        from posts import restoration

        if self.shows_as_updated:
            post.revised_at = now
        known = restoration.hindrances(post, has_tags=post.tags.exists())
        gone = [f"{what} does not exist any more." for what in restoration.put(post, wanted)]
        found = restoration.hindrances(post, has_tags=post.tags.exists())
        return gone + [reason for reason in found if reason not in known]


def _both(name: str) -> str:
    from posts.snapshots import label_of

    return f"{label_of(name)}: also changed since this change was made."
