"""Mail about comments, and the addresses kept for it."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.core.mail import get_connection
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.urls import reverse

from comments.contacts import CommentContact, NetworkKey, month_of, network_mark
from comments.identities import Identity
from comments.models import Comment, CommentQuerySet
from comments.records import ModeratorNotice
from pbrsite import mail, queueing

QUIET = timedelta(minutes=15)  # Between two mails to the moderators.
SHOWN = 10
KEPT_AFTER_LAST_COMMENT = timedelta(days=365)
NETWORK_KEPT = timedelta(days=30)
UNDECIDED_KEPT = timedelta(days=90)
REMINDED_BEFORE = timedelta(days=10)
EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+")


def keep_contact(
    comment: Comment,
    *,
    email: str,
    wants_replies: bool = False,
    network: str = "",
    is_proven: bool = False,
) -> None:
    """Keep the address of who wrote a comment, in the table of its own."""
    CommentContact.objects.create(
        comment=comment,
        email=email.lower(),
        wants_replies=wants_replies,
        network=network_mark(network, now=comment.created_at),
        proven_at=comment.created_at if is_proven else None,
    )


def address_of(comment: Comment) -> str:
    """Return the address a comment came with, or "" where none is kept."""
    emails = CommentContact.objects.filter(pk=comment.pk).values_list("email", flat=True)
    return emails.first() or ""


def is_from(comment: Comment, *, email: str, network: str) -> bool:
    """Return whether the comment came with this address from this network, as far as is kept."""
    contact = CommentContact.objects.filter(pk=comment.pk).first()
    mark = network_mark(network, now=comment.created_at)
    return contact is not None and (contact.email, contact.network) == (email.lower(), mark)


def keep_contacts(pairs: Iterable[tuple[Comment, str]]) -> None:
    """Keep the addresses of many comments that came from elsewhere; what is none is left out.

    One statement for five hundred. The nightly prune forgets those whose last comment is old.
    """
    rows = [
        CommentContact(comment=comment, email=email.strip().lower())
        for comment, email in pairs
        if EMAIL.fullmatch(email.strip()) and len(email.strip()) <= 254
    ]
    CommentContact.objects.bulk_create(rows, batch_size=500)


def comments_from(email: str) -> CommentQuerySet:
    """Return the comments left with this address; none for ""."""
    contacts = CommentContact.objects.filter(email=email.lower())
    return Comment.objects.filter(pk__in=contacts.values("comment"))


def forget(comments: CommentQuerySet) -> int:
    """Delete the addresses kept for these comments; return how many."""
    return CommentContact.objects.filter(comment__in=comments.order_by().values("pk")).delete()[0]


def withdraw(comments: CommentQuerySet, *, now: datetime) -> int:
    """Erase comments as their writers wish, and the addresses they came with; return how many."""
    with transaction.atomic():
        pks = list(comments.values_list("pk", flat=True))
        erased = comments.erase(now=now)
        if erased:
            forget(Comment.objects.filter(pk__in=pks, state=Comment.State.ERASED))
    return erased


def forget_idle_contacts(now: datetime) -> int:
    """Delete every address whose last comment is older than twelve months; return how many."""
    idle = (
        CommentContact.objects.values("email")
        .annotate(last=Max("comment__created_at"))
        .filter(last__lt=now - KEPT_AFTER_LAST_COMMENT)
        .values("email")
    )
    return CommentContact.objects.filter(email__in=idle).delete()[0]


def forget_muted_contacts() -> int:
    """Delete the addresses kept for notices their owners have muted since; return how many.

    Who asked to be remembered is: those go twelve months after the last comment.
    """
    muted = Identity.objects.filter(
        email=OuterRef("email"), is_remembered=False, muted_at__gte=OuterRef("comment__created_at")
    )
    return CommentContact.objects.filter(Exists(muted)).delete()[0]


def forget_identities() -> int:
    """Delete the identities no comment is left of; return how many."""
    contacts = CommentContact.objects.filter(email=OuterRef("email"))
    return Identity.objects.filter(~Exists(contacts)).delete()[1].get("comments.Identity", 0)


def forget_networks(now: datetime) -> int:
    """Blank the network marks older than thirty days and throw past months' keys away."""
    NetworkKey.objects.filter(month__lt=month_of(now)).delete()
    old = CommentContact.objects.filter(comment__created_at__lt=now - NETWORK_KEPT)
    return old.exclude(network="").update(network="")


def announce(now: datetime) -> None:
    """Have the moderators told soon, inside the caller's transaction; one job waits at a time.

    The first comment after a quiet time is announced at once, those that follow together.
    """
    from comments import tasks  # It names this module itself.

    last = ModeratorNotice.objects.aggregate(last=Max("sent_at"))["last"]
    job = tasks.tell_moderators.configure(schedule_at=max(now, last + QUIET) if last else now)
    queueing.defer_once(job, lock="comments.tell_moderators")


def tell_moderators(now: datetime) -> int:
    """Mail each moderator what waits; return how many mails, 0 when nothing waits any more.

    At least once: a crash between the relay's yes and the commit sends it again. At most once in
    fifteen minutes otherwise: a job that comes too early puts itself off.
    """
    if ModeratorNotice.objects.filter(sent_at__gt=now - QUIET).exists():
        announce(now)
        return 0
    waiting = Comment.objects.held().select_related("post").order_by("created_at", "pk")
    count = waiting.count()
    moderators = list(_moderators())
    if not count or not moderators:
        return 0
    context = {
        "count": count,
        "shown": list(waiting[:SHOWN]),
        "more": max(0, count - SHOWN),
        "ending": waiting.filter(created_at__lt=now - UNDECIDED_KEPT + REMINDED_BEFORE).count(),
        "desk_url": mail.absolute(reverse("admin:comments_comment_changelist")),
    }
    messages = [mail.build("comments/moderation_notice", to, context) for to in moderators]
    with transaction.atomic():
        ModeratorNotice.objects.create(sent_at=now, waiting=count)
        return get_connection().send_messages(messages) or 0


def _moderators() -> list[str]:
    """Return the addresses of staff who may decide about comments, each once."""
    users = User.objects.with_perm(
        "comments.moderate_comment", backend="django.contrib.auth.backends.ModelBackend"
    )
    named = users.filter(is_staff=True).exclude(email="")
    return list(named.order_by("email").values_list("email", flat=True).distinct())
