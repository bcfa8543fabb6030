"""Taking a moderator's own decision back, one comment's or a whole list's, for ten minutes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from comments import lessons
from comments.decisions import ModerationDecision
from comments.models import Comment
from comments.states import UNDONE, State

WITHIN = timedelta(minutes=10)


@dataclass(frozen=True)
class Undoable:
    """What one person decided in one go and nobody has touched since."""

    decided_at: datetime
    to_state: str
    count: int

    @property
    def label(self) -> str:
        """Return what became of them, as it goes on after “3 comments”."""
        is_spam = self.to_state == State.SPAM
        return "marked as spam" if is_spam else State(self.to_state).label.lower()


def last(by: User, now: datetime) -> Undoable | None:
    """Return the newest decision this person can still undo; one query."""
    rows = _open(by, now).values("decided_at", "to_state").annotate(count=Count("pk"))
    newest = rows.order_by("-decided_at", "to_state").first()
    return Undoable(**newest) if newest else None


def undo(*, by: User, decided_at: datetime, now: datetime) -> int:
    """Put what this person decided at that moment back where it was; return how many comments.

    What somebody moved since, or was erased, stays as it is; so does everything after ten
    minutes. A second undo of the same moment finds nothing. Few statements, whatever the number.
    """
    with transaction.atomic():
        undone = _open(by, now).filter(decided_at=decided_at).values("comment")
        moved = Comment.objects.filter(pk__in=undone).order_by("pk")
        won = {one.pk: one for one in moved.select_for_update(of=("self",)).only("state")}
        # Locked now, and read anew: of two undos at once the second finds nothing here.
        lines = list(_open(by, now).filter(decided_at=decided_at, comment__in=won))
        ModerationDecision.objects.bulk_create(
            [
                ModerationDecision(
                    comment_id=line.comment_id, decided_by=by, decided_at=now, is_undo=True,
                    from_state=line.to_state, to_state=line.from_state,
                    score=line.score, reasons=line.reasons,
                )
                for line in lines
            ],
            batch_size=500,
        )  # fmt: skip
        _unlearn(lines, decided_at, by=by)
        _hide_replies(lines, decided_at, by=by, now=now)
        theirs = ModerationDecision.objects.filter(comment=OuterRef("pk"))
        before = theirs.filter(decided_at__lt=decided_at).order_by("-decided_at", "-pk")
        return Comment.objects.filter(pk__in=[line.comment_id for line in lines]).update(
            state=Subquery(theirs.filter(decided_at=decided_at).values("from_state")[:1]),
            # Of a verdict that stood before this one its author stands there again.
            decided_by=Subquery(before.values("decided_by")[:1]),
            decided_at=now,
        )


def _open(by: User, now: datetime) -> QuerySet[ModerationDecision]:
    """Return this person's lines of the last ten minutes that are their comment's last."""
    return ModerationDecision.objects.order_by().filter(
        decided_by=by,
        decided_at__gt=now - WITHIN,
        is_undo=False,
        to_state__in=UNDONE,
        comment__state=F("to_state"),
        comment__decided_at=F("decided_at"),
    )


def _hide_replies(
    lines: list[ModerationDecision], decided_at: datetime, *, by: User, now: datetime
) -> None:
    """Take what this person answered since to comments that are public no more from the page.

    Left there it would stand under a tombstone; hidden, its words are kept.
    """
    pks = [line.comment_id for line in lines if line.to_state == State.PUBLISHED]
    to_them = Q(answered__in=pks) | Q(answered=None, parent__in=pks)
    own = Comment.objects.published().filter(to_them, user=by, created_at__gte=decided_at)
    replies = list(own.select_for_update(of=("self",)).order_by("pk"))
    for reply in replies:
        line = ModerationDecision.about(reply, to=State.HIDDEN, by=by, at=now)
        line.is_undo = True  # Part of this one: it is not offered to be undone itself.
        line.save()
    hidden = Comment.objects.filter(pk__in=[reply.pk for reply in replies])
    hidden.update(state=State.HIDDEN, decided_at=now, decided_by=by)


def _unlearn(lines: list[ModerationDecision], decided_at: datetime, *, by: User) -> None:
    """Take back what the undone taught; where staff had decided before, that counts again."""
    pks = [line.comment_id for line in lines if line.comment_id]
    before = ModerationDecision.objects.filter(comment__in=pks, decided_at__lt=decided_at)
    staff = set(before.exclude(decided_by=None).values_list("comment_id", flat=True))
    states = {line.comment_id: line.from_state if line.comment_id in staff else State.HELD
              for line in lines if line.comment_id}  # fmt: skip
    for state in sorted(set(states.values())):
        lessons.learn([pk for pk in states if states[pk] == state], to_state=state, by=by)
