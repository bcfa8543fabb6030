"""One click proves an address: the mail that asks for it, and what the click changes."""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from comments import replies
from comments.contacts import CommentContact
from comments.identities import Identity, UsedLinkError, new_key
from comments.models import Comment, CommentQuerySet
from comments.states import OPEN
from pbrsite import mail, rates

logger = logging.getLogger(__name__)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
APART = timedelta(minutes=10)
MOST_UNANSWERED = 3  # To an address that never confirms, until the prune forgets it: thirty days.
MOST_PER_DAY = 5  # To a confirmed one, whose owner signs in from another browser.
MOST_PER_NETWORK, MOST_PER_SITE = 20, 600  # Per hour.
MOST_CLAIMED = 50
UNCONFIRMED_KEPT = timedelta(days=30)


def ask(comment: Comment, *, is_remembered: bool) -> None:
    """Have a confirmation mailed to who wrote this, inside the caller's transaction.

    The job looks up what is known of the address; the request that defers it does not, so its time
    and its answer are the same for every address.
    """
    from comments import tasks  # It names this module itself.

    tasks.mail_confirmation.defer(comment_id=comment.pk, is_remembered=is_remembered)


def mail_confirmation(comment_id: int, *, is_remembered: bool, now: datetime) -> bool:
    """Mail the link, unless a cap is reached or the comment is no better than spam.

    At least once: a crash between the relay's yes and the commit sends it again. There is nothing
    in it that anybody typed into a form. Raises MailNotSent.
    """
    with transaction.atomic():
        contacts = CommentContact.objects.filter(pk=comment_id, comment__state__in=OPEN)
        contact = contacts.first()
        if contact is None:
            return False
        identity = Identity.objects.claim(contact.email)
        if not _may_mail(identity, network=contact.network, now=now):
            return False
        identity.mailed_at = now
        identity.unanswered += 1
        identity.save(update_fields=["mailed_at", "unanswered"])
        token = identity.confirm_token(is_remembered=is_remembered)
        context = {"confirm_url": mail.absolute(reverse("comments:confirm", args=[token]))}
        mail.send(mail.build("comments/confirmation", identity.email, context))
    return True


def _may_mail(identity: Identity, *, network: str, now: datetime) -> bool:
    if identity.mailed_at and identity.mailed_at > now - APART:
        return False
    if not identity.is_reachable and identity.unanswered >= MOST_UNANSWERED:
        return False
    caps = [("site", MOST_PER_SITE, HOUR), (f"address:{identity.pk}", MOST_PER_DAY, DAY)]
    if network:  # A mark already, not the network itself.
        caps.append((f"network:{network}", MOST_PER_NETWORK, HOUR))
    for name, size, per in caps:
        if not rates.take(f"comments.confirmations.{name}", size=size, per=per, now=now):
            logger.warning("A cap on confirmations is reached: %s", name.partition(":")[0])
            return False
    return True


def unproven(identity: Identity) -> CommentQuerySet:
    """Return what was left under the address and nobody has vouched for, newest first."""
    contacts = CommentContact.objects.filter(email=identity.email, proven_at=None)
    found = Comment.objects.filter(pk__in=contacts.values("pk"), state__in=OPEN)
    return found.select_related("post").order_by("-created_at", "-pk")[:MOST_CLAIMED]


def mark_of(comment: Comment) -> str:
    """Return what stands for these words of a comment: other words have another mark."""
    edited = comment.edited_at.isoformat() if comment.edited_at else ""
    return f"{comment.public_id} {edited}".rstrip()


def confirm(
    identity: Identity,
    *,
    is_remembered: bool,
    shown: Collection[str],
    not_mine: Collection[str],
    now: datetime,
) -> None:
    """Take the address as proven, and what was left under it as its owner's.

    `shown` holds marks (see `mark_of`), `not_mine` public ids. Of what was shown the address's
    owner vouches for all but `not_mine`, from which the address is taken away; what others left or
    rewrote since is nobody's yet. A link does this once: raises UsedLinkError.
    """
    with transaction.atomic():
        read, identity = identity, Identity.objects.select_for_update().get(pk=identity.pk)
        if identity.confirm_key != read.confirm_key:
            raise UsedLinkError
        identity.confirm_key = new_key()
        found = [one for one in unproven(identity) if mark_of(one) in shown]
        own = [one.pk for one in found if one.public_id not in not_mine]
        of_others = [one.pk for one in found if one.public_id in not_mine]
        CommentContact.objects.filter(pk__in=of_others).delete()
        CommentContact.objects.filter(pk__in=own).update(proven_at=now)
        identity.confirmed_at = identity.confirmed_at or now
        identity.unanswered = 0
        identity.is_remembered = identity.is_remembered or is_remembered
        if CommentContact.objects.filter(pk__in=own, wants_replies=True).exists():
            identity.muted_at = None
        identity.save()
        answers = Q(answered__in=own) | Q(answered=None, parent__in=own)
        replies.owe(Comment.objects.published().filter(answers), now=now)


def forget_unconfirmed(now: datetime) -> int:
    """Delete the identities that never confirmed within thirty days; return how many."""
    old = Identity.objects.filter(confirmed_at=None, created_at__lt=now - UNCONFIRMED_KEPT)
    return old.delete()[0]
