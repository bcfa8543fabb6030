"""What the room forgets, and when. Every step may run twice and on any day."""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from comments import confirmations, identities, notices, replies, trust
from comments.models import Comment, CommentQuerySet, ModerationDecision
from comments.records import RefusalCount

SPAM_KEPT = timedelta(days=30)
LOG_KEPT = timedelta(days=3 * 365)
LINKS_KEPT = timedelta(hours=2)  # They are good for one.


def prune(now: datetime) -> dict[str, int]:
    """Delete what is past its time; return how many of each kind, by name. Idempotent."""
    spam = Comment.objects.spam().alias(since=Coalesce("decided_at", "created_at"))
    undecided = Comment.objects.held().filter(created_at__lt=now - notices.UNDECIDED_KEPT)
    removed = {
        "spam comments": _drop(spam.filter(since__lt=now - SPAM_KEPT)),
        "undecided comments": _drop(undecided),
        "contacts": notices.forget_idle_contacts(now),
        "muted contacts": notices.forget_muted_contacts(),
        "unconfirmed identities": confirmations.forget_unconfirmed(now),
        "identities": notices.forget_identities(),
        "personal links": identities.forget_links(now - LINKS_KEPT),
        "reply notices": replies.forget(now),
        "network marks": notices.forget_networks(now),
        "moderation log lines": _drop_log(now),
    }
    _remind(now)
    return removed


def _drop(comments: CommentQuerySet) -> int:
    """Delete comments; one that was answered is erased instead, for its replies' sake."""
    trust.keep_rejections(comments)
    answers = Comment.objects.filter(parent=OuterRef("pk"))
    answered = Comment.objects.filter(pk__in=comments.filter(Exists(answers)).values("pk"))
    pks = list(answered.values_list("pk", flat=True))
    notices.forget(Comment.objects.filter(pk__in=pks))
    erased = Comment.objects.filter(pk__in=pks).erase()
    return erased + comments.filter(~Q(pk__in=pks)).delete()[1].get("comments.Comment", 0)


def _drop_log(now: datetime) -> int:
    RefusalCount.objects.filter(day__lt=(now - LOG_KEPT).date()).delete()
    return ModerationDecision.objects.filter(decided_at__lt=now - LOG_KEPT).delete()[0]


def _remind(now: datetime) -> None:
    """Mail the moderators again while comments near the end of their ninety days."""
    near = now - notices.UNDECIDED_KEPT + notices.REMINDED_BEFORE
    if Comment.objects.held().filter(created_at__lt=near).exists():
        notices.announce(now)
