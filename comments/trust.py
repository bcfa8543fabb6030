"""Who may appear at once: people with a proof and a record, never those who type a name.

The proof is the signed cookie of a confirmed address together with the very address; the record is
of comments proven to be theirs. What somebody else left under the address counts neither way.
"""

from datetime import datetime, timedelta

from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce, Greatest

from comments import identities
from comments.contacts import CommentContact
from comments.identities import Identity
from comments.models import CommentQuerySet
from comments.spam import Record
from comments.states import State

COOKIE = "commenter"
SINCE_REJECTION = timedelta(days=90)
_REJECTED = Q(comment__state__in=(State.SPAM, State.REMOVED))
_REJECTED_AT = Coalesce("comment__decided_at", "comment__created_at")


def proven(cookie: str, email: str) -> Identity | None:
    """Return the identity when the cookie is its own and the address typed is its address.

    Without a cookie nothing is looked up. With another identity's, that one alone is, whatever
    address was typed.
    """
    identity = identities.of_cookie(cookie) if cookie else None
    return identity if identity and identity.email == email.lower() else None


def is_other(cookie: str, email: str) -> bool:
    """Return whether the browser is known by another address than this one."""
    identity = identities.of_cookie(cookie) if cookie and email else None
    return identity is not None and identity.email != email.lower()


def record_of(identity: Identity) -> Record:
    """Return how staff decided about this person's comments; one query."""
    of_person = CommentContact.objects.filter(email=identity.email, proven_at__isnull=False)
    found = of_person.aggregate(
        approved=Count("pk", filter=Q(comment__state=State.PUBLISHED,
                                      comment__decided_at__isnull=False)),
        rejected=Count("pk", filter=_REJECTED),
        rejected_at=Max(_REJECTED_AT, filter=_REJECTED),
    )  # fmt: skip
    moments = [when for when in (found["rejected_at"], identity.rejected_at) if when]
    return Record(found["approved"], found["rejected"], max(moments, default=None))


def is_trusted(record: Record | None, now: datetime) -> bool:
    """Return whether somebody with this record may publish at once, the score permitting."""
    if record is None or record.approved < 1:
        return False
    return record.rejected_at is None or record.rejected_at <= now - SINCE_REJECTION


def keep_rejections(comments: CommentQuerySet) -> None:
    """Note on the identities when these comments were rejected, before they are deleted."""
    gone = CommentContact.objects.filter(
        _REJECTED, proven_at__isnull=False, comment__in=comments.order_by().values("pk")
    )
    for email, when in gone.values_list("email").annotate(when=Max(_REJECTED_AT)):
        # Greatest of Postgres passes over NULL.
        Identity.objects.filter(email=email).update(rejected_at=Greatest("rejected_at", when))


def unmute(email: str) -> None:
    """Let notices out again: their owner has just asked for them, with a proof."""
    Identity.objects.confirmed().filter(email=email.lower()).update(muted_at=None)
