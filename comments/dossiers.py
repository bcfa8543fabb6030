"""What is kept about one address, for its owner: to see, to take along, to have erased."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.urls import reverse

from comments import notices
from comments.contacts import CommentContact
from comments.identities import Identity, PersonalLink
from comments.models import Comment, CommentQuerySet
from comments.states import State
from pbrsite import mail, rates

GOOD_FOR = timedelta(hours=1)
DAY, MOST_PER_DAY = timedelta(days=1), 3


def request_link(email: str, *, now: datetime) -> None:
    """Note the wish and leave the answer to a job: nothing is looked up here."""
    from comments import tasks  # It names this module itself.

    with transaction.atomic():
        link = PersonalLink.objects.create(email=email.lower(), asked_at=now)
        tasks.mail_personal_link.defer(link_id=link.pk)


def mail_link(link_id: int, *, now: datetime) -> bool:
    """Mail the link when anything is kept about the address; else forget that it was asked for.

    At least once: a crash between the relay's yes and the commit mails another. Raises MailNotSent.
    """
    with transaction.atomic():
        link = PersonalLink.objects.select_for_update().filter(pk=link_id).first()
        if link is None:
            return False
        key = f"comments.links:{link.email}"
        if not is_known(link.email) or not rates.take(key, size=MOST_PER_DAY, per=DAY, now=now):
            link.delete()
            return False
        token = secrets.token_urlsafe(24)
        link.digest, link.mailed_at = _digest(token), now
        link.save(update_fields=["digest", "mailed_at"])
        context = {"url": mail.absolute(reverse("comments:dossier", args=[token]))}
        mail.send(mail.build("comments/personal_link", link.email, context))
    return True


def address_of(token: str, *, now: datetime) -> str | None:
    """Return whose link this is; None when its hour is over, or it never was one."""
    good = PersonalLink.objects.filter(digest=_digest(token), mailed_at__gt=now - GOOD_FOR)
    return good.values_list("email", flat=True).first()


def is_known(email: str) -> bool:
    known = (CommentContact.objects, Identity.objects)
    return any(table.filter(email=email).exists() for table in known)


def comments_of(email: str) -> CommentQuerySet:
    """Return every comment left with the address, newest first, but what is erased."""
    kept = notices.comments_from(email).exclude(state=State.ERASED)
    return kept.select_related("post").order_by("-created_at", "-pk")


def mute_path(email: str) -> str:
    """Return where notices to this address are muted, or "" when none go out."""
    identity = Identity.objects.reachable().filter(email=email).first()
    return reverse("comments:mute", args=[identity.mute_token]) if identity else ""


def contents(email: str) -> dict[str, Any]:
    """Return everything kept about the address, as it is written to a file."""
    identity = Identity.objects.filter(email=email).first()
    contacts = {c.pk: c for c in CommentContact.objects.filter(email=email)}
    return {
        "email": email,
        "confirmed_at": identity and identity.confirmed_at,
        "remembered": bool(identity and identity.is_remembered),
        "notices_muted_at": identity and identity.muted_at,
        "comments": [_entry(comment, contacts[comment.pk]) for comment in comments_of(email)],
    }


def _entry(comment: Comment, contact: CommentContact) -> dict[str, Any]:
    return {
        "id": comment.public_id,
        "post": mail.absolute(comment.post.get_absolute_url()),
        "name": comment.name,
        "text": comment.body,
        "state": comment.get_state_display(),
        "written_at": comment.created_at,
        "edited_at": comment.edited_at,
        "wants_replies": contact.wants_replies,
        "proven_at": contact.proven_at,
        "network": "a keyed code, kept for 30 days" if contact.network else "",
    }


def erase(email: str, *, now: datetime) -> int:
    """Blank every comment left with the address, and delete the address wherever it is kept.

    Return how many comments. Replies of others stay in their place. Idempotent.
    """
    with transaction.atomic():
        count = notices.comments_from(email).erase(now=now)
        CommentContact.objects.filter(email=email).delete()
        Identity.objects.filter(email=email).delete()
        PersonalLink.objects.filter(email=email).delete()
    return count


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
