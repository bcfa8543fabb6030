"""Mail to people who asked for it: their comment is published, somebody answered.

A ledger says what is owed to whom. What is owed is claimed in a transaction of its own and then
mailed: a crash between the two loses one mail, and nobody is mailed the same thing twice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import EmailMessage
from django.db import models, transaction
from django.db.models import Index, Q, UniqueConstraint
from django.db.models.functions import Coalesce
from django.urls import reverse

from comments.contacts import CommentContact
from comments.identities import Identity
from comments.models import Comment, CommentQuerySet
from comments.states import State
from pbrsite import mail, queueing

APART = timedelta(hours=1)
DAY, MOST_PER_DAY = timedelta(days=1), 5
SHOWN = 20
KEPT = timedelta(days=30)


class Notice(models.Model):
    """One thing one person is told once, however often the comment comes and goes."""

    class Kind(models.TextChoices):
        PUBLISHED = "published", "Their comment is published"
        REPLY = "reply", "A reply to their comment"

    identity = models.ForeignKey(Identity, on_delete=models.CASCADE, related_name="+")
    about = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind)
    owed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [UniqueConstraint(fields=["identity", "about"], name="comments_notice_once")]
        indexes = [
            # What a person is still owed.
            Index(fields=["identity"], name="comments_notice_owed", condition=Q(sent_at=None))
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.pk})"


def owe(published: CommentQuerySet, *, now: datetime) -> None:
    """Enter who wants to hear of these published comments; nobody hears of one twice.

    Belongs in the transaction that publishes. Two queries when nobody wants to hear.
    """
    rows = published.order_by().values_list("pk", Coalesce("answered", "parent"), "decided_at")
    news = list(rows)
    concerned = {pk for row in news for pk in row[:2] if pk}
    contacts = {c.pk: c for c in CommentContact.objects.filter(pk__in=concerned)}
    wanted: dict[tuple[str, int], str] = {}
    for pk, answered, decided_at in news:
        own, other = contacts.get(pk), contacts.get(answered)
        if own and own.wants_notices and decided_at:  # Who appeared at once has seen it.
            wanted[own.email, pk] = Notice.Kind.PUBLISHED
        if other and other.wants_notices and not (own and own.email == other.email):
            wanted[other.email, pk] = Notice.Kind.REPLY
    if wanted:
        _enter(wanted, now)


def _enter(wanted: dict[tuple[str, int], str], now: datetime) -> None:
    emails = {email for email, _ in wanted}
    pks = dict(Identity.objects.reachable().filter(email__in=emails).values_list("email", "pk"))
    notices = [
        Notice(identity_id=pks[email], about_id=about, kind=kind, owed_at=now)
        for (email, about), kind in wanted.items()
        if email in pks
    ]
    Notice.objects.bulk_create(notices, batch_size=500, ignore_conflicts=True)
    _schedule(set(pks.values()), at=now)


def _schedule(identity_ids: Iterable[int], *, at: datetime) -> None:
    """Have each told soon, inside the caller's transaction; one job waits for each at a time."""
    from comments import tasks  # It names this module itself.

    for pk in sorted(identity_ids):
        once = f"comments.tell_reader.{pk}"
        job = tasks.tell_reader.configure(
            schedule_at=at, queueing_lock=once, lock=f"comments.reader.{pk}"
        )
        queueing.defer_once(job, lock=once, identity_id=pk)


def deliver(identity_id: int, *, now: datetime) -> int:
    """Mail a person all that is owed, in one mail; return how many notices it held.

    At most once: claimed and committed first. A mail the relay does not take for now gives its
    claim back and raises MailNotSent, for the job to try again. Never two mails within an hour,
    nor six within a day: a job that comes too early puts itself off.
    """
    with transaction.atomic():
        reachable = Identity.objects.reachable().select_for_update(of=("self",))
        identity = reachable.filter(pk=identity_id).first()
        if identity is None:
            return 0
        if (due := _next_mail_at(identity, now)) > now:
            _schedule([identity_id], at=due)
            return 0
        owed = Notice.objects.filter(identity=identity, sent_at=None, about__state=State.PUBLISHED)
        claimed = owed.update(sent_at=now)
    if not claimed:
        return 0
    sending = Notice.objects.filter(identity=identity, sent_at=now)
    rows = list(sending.select_related("about__post").order_by("about__created_at", "about"))
    if not rows:
        return 0  # Erased meanwhile: nobody is there to be told.
    try:
        mail.send(_message(identity, rows))
    except mail.MailNotSent:
        sending.update(sent_at=None)
        raise
    return claimed


def _next_mail_at(identity: Identity, now: datetime) -> datetime:
    """Return from when on a mail may go, by the last day's mails: each has one moment."""
    sent = Notice.objects.filter(identity=identity, sent_at__gt=now - DAY)
    rows = sent.values_list("sent_at", flat=True).distinct().order_by("-sent_at")
    moments = [moment for moment in rows if moment]
    bounds = [now] + [moment + APART for moment in moments[:1]]
    return max(bounds + [moment + DAY for moment in moments[MOST_PER_DAY - 1 :]])


def _message(identity: Identity, rows: Sequence[Notice]) -> EmailMessage:
    """Return the mail, with the headers of RFC 2369 and RFC 8058 for muting it by one click."""
    mute_url = mail.absolute(reverse("comments:mute", args=[identity.mute_token]))
    context = {
        "first": rows[0],
        "count": len(rows),
        "items": [_item(row) for row in rows[:SHOWN]],
        "more": max(0, len(rows) - SHOWN),
        "mute_url": mute_url,
    }
    headers = {
        "List-ID": f"<replies.{mail.sender_domain()}>",
        "List-Unsubscribe": f"<{mute_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    return mail.build("comments/reply_notice", identity.email, context, headers=headers)


def _item(notice: Notice) -> dict[str, Any]:
    """Return what a mail tells of a comment: words only that staff have seen, or wrote."""
    about = notice.about
    is_read = about.is_staff or about.decided_at is not None
    return {
        "is_reply": notice.kind == Notice.Kind.REPLY,
        "title": about.post.display_title,
        "name": about.name if is_read else "",
        "text": about.body if is_read else "",
        "url": mail.absolute(about.get_absolute_url()),
    }


def mute(identity: Identity, *, now: datetime) -> None:
    """Send no more notices until this person asks for them anew. Idempotent."""
    with transaction.atomic():
        Identity.objects.filter(pk=identity.pk, muted_at=None).update(muted_at=now)
        CommentContact.objects.filter(email=identity.email).update(wants_replies=False)
        Notice.objects.filter(identity=identity, sent_at=None).delete()


def forget(now: datetime) -> int:
    """Delete the ledger's lines older than thirty days; return how many."""
    return Notice.objects.filter(owed_at__lt=now - KEPT).delete()[0]
