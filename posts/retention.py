"""What the room forgets: of the history of posts, what was never public thins as it ages."""

from datetime import datetime, timedelta

from django.db.models import Case, CharField, F, Q, Value, When, Window
from django.db.models.functions import Cast, Concat, RowNumber, Trunc
from reversion.models import Revision

from posts import drafts, misses, missing, previews
from posts.history import RevisionNote
from posts.models import ScheduledChange

# Kept of an unpublished post: everything for a day, then one an hour, a day, a week.
ALL = timedelta(days=1)
HOURLY = timedelta(days=7)
DAILY = timedelta(days=30)
DECIDED_CHANGES_KEPT = timedelta(days=90)
BATCH = 1_000


def prune(now: datetime) -> dict[str, int]:
    """Delete what is past its time; return how many of what. Idempotent."""
    orphans = Revision.objects.filter(note=None)  # Their post is gone, and the notes with it.
    decided = ScheduledChange.objects.filter(decided_at__lt=now - DECIDED_CHANGES_KEPT)
    return {
        **drafts.prune(now),
        **previews.prune(now),
        "thinned revisions": _delete(thinned(now)),
        "revisions of deleted posts": _delete(list(orphans.values_list("pk", flat=True))),
        "decided changes": decided.delete()[0],
        "missing addresses": missing.prune(now),
        "searches that found nothing": misses.prune(now),
    }


def thinned(now: datetime) -> list[int]:
    """Return the revisions to forget: saves of what was not published, the newest of each stretch
    of time but kept, and so are the first and the last of each post. One query.
    """
    may_go = Q(kind__in=RevisionNote.THINNED, is_published=False)
    stretch = Case(
        When(made_at__gt=now - HOURLY, then=_start_of("hour")),
        When(made_at__gt=now - DAILY, then=_start_of("day")),
        default=_start_of("week"),
    )
    notes = RevisionNote.objects.annotate(
        made_at=F("revision__date_created"),
        may_go=Case(When(may_go, then=Value(1)), default=Value(0)),
        stretch=stretch,
    ).annotate(
        oldest=Window(RowNumber(), partition_by="post_id", order_by="revision_id"),
        newest=Window(RowNumber(), partition_by="post_id", order_by="-revision_id"),
        newest_of_stretch=Window(
            RowNumber(), partition_by=["post_id", "may_go", "stretch"], order_by="-revision_id"
        ),
    )
    gone = notes.filter(
        may_go=1, made_at__lte=now - ALL, oldest__gt=1, newest__gt=1, newest_of_stretch__gt=1
    )
    return list(gone.order_by("revision_id").values_list("revision_id", flat=True))


def _start_of(size: str) -> Concat:
    return Concat(Value(f"{size} of "), Cast(Trunc("made_at", size), CharField()))


def _delete(revision_ids: list[int]) -> int:
    """Delete revisions with what they kept, a batch at a time; return how many."""
    for start in range(0, len(revision_ids), BATCH):
        Revision.objects.filter(pk__in=revision_ids[start : start + BATCH]).delete()
    return len(revision_ids)
