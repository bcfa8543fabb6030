"""From a valid form to a stored comment: rates, score, verdict, one row however often sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from comments import (
    akismet,
    confirmations,
    duplicates,
    lessons,
    markup,
    notices,
    replies,
    rulesets,
    spam,
    trust,
    work,
)
from comments.forms import CommentForm
from comments.models import Comment, CommentQuerySet
from comments.records import RefusalCount
from comments.states import State
from comments.tokens import URL
from pbrsite import rates
from posts.models import Post

WINDOW = timedelta(minutes=10)
# Per window, from one network and address, on one post and the site: worth a doubt; too many.
# An office or a prison education wing shares one network.
MOST = {"network": (10, 40), "address": (5, 20), "post": (20, 100), "site": (60, 300)}
COMPARED_SPAM = 200
COMPARED_EARLIER = 300
OWN_COMPARED = timedelta(days=1)
MOST_EDITS = 20
SECOND_CLICK = timedelta(minutes=1)
STATES = {
    spam.Verdict.PUBLISH: State.PUBLISHED,
    spam.Verdict.HOLD: State.HELD,
    spam.Verdict.SPAM: State.SPAM,
    spam.Verdict.REFUSE: State.SPAM,  # Of an edit alone: what is new is not stored at all.
}


class TooManyError(Exception):
    """Too many comments came from one place. Wait ten minutes, then send it again."""

    def __str__(self) -> str:
        return (
            "Too many comments are arriving just now. Your text is kept below: "
            "wait ten minutes, then send it again."
        )


class ParentGoneError(Exception):
    """What the comment answers was deleted while it was being stored. Nothing was kept."""


@dataclass(frozen=True)
class Sender:
    """Where a form came from: the visitor's network, and the cookie of an identity."""

    network: str
    cookie: str = ""


def receive(form: CommentForm, *, sender: Sender, now: datetime) -> Comment | None:
    """Store what a valid form says: published, held or spam; None when it is refused silently.

    The same form sent again gives the comment that is there, if the same person sent it. Raises
    TooManyError and ParentGoneError.
    """
    key = _submission_key(form)
    if there := Comment.objects.filter(submission_key=key).first():
        return there if _is_second_click(there, form, sender=sender, now=now) else None
    crowded = _crowded(form, network=sender.network, now=now)
    identity = trust.proven(sender.cookie, form.cleaned_data["email"])
    record = trust.record_of(identity) if identity else None
    submission = _submission(form, crowded=crowded, record=record, now=now)
    judgement = spam.judge(submission, rulesets.current())
    verdict = spam.verdict(judgement.score, is_trusted=trust.is_trusted(record, now))
    if verdict is spam.Verdict.REFUSE:
        RefusalCount.add(now.date())
        return None
    comment = Comment(
        post=form.post,
        parent=form.cleaned_data["parent"],
        name=form.cleaned_data["name"],
        body=form.cleaned_data["body"],
        state=STATES[verdict],
        created_at=now,
        score=judgement.score,
        reasons=judgement.as_json(),
        submission_key=key,
    )
    return _keep(comment, form, sender=sender, is_proven=identity is not None)


def _keep(
    comment: Comment, form: CommentForm, *, sender: Sender, is_proven: bool
) -> Comment | None:
    """Save comment, contact and notice in one transaction; of two clicks at once the first wins."""
    data = form.cleaned_data
    try:
        with transaction.atomic():
            comment.save()
            notices.keep_contact(
                comment,
                email=data["email"],
                wants_replies=data["notify"],
                network=sender.network,
                is_proven=is_proven,
            )
            _follow_up(comment, form, is_proven=is_proven)
    except IntegrityError as error:
        if there := Comment.objects.filter(submission_key=comment.submission_key).first():
            is_own = _is_second_click(there, form, sender=sender, now=comment.created_at)
            return there if is_own else None
        if comment.parent is None or Comment.objects.filter(pk=comment.parent.pk).exists():
            raise
        raise ParentGoneError from error
    return comment


def _follow_up(comment: Comment, form: CommentForm, *, is_proven: bool) -> None:
    """Tell those concerned, in the caller's transaction; a proven address is not asked again."""
    now, data = comment.created_at, form.cleaned_data
    if comment.state == State.HELD:
        notices.announce(now)
        akismet.announce(comment)
    if comment.state == State.PUBLISHED:
        replies.owe(Comment.objects.filter(pk=comment.pk), now=now)
    if is_proven and data["notify"]:
        trust.unmute(data["email"])
    elif data["notify"] or (data["remember"] and not is_proven):
        confirmations.ask(comment, is_remembered=data["remember"])


def _is_second_click(there: Comment, form: CommentForm, *, sender: Sender, now: datetime) -> bool:
    """Return whether the comment comes again from who sent it just now.

    A kept page hands its token to many, so token, name and words alone make nobody its writer, who
    may edit it.
    """
    is_recent = there.created_at > now - SECOND_CLICK
    return is_recent and notices.is_from(
        there, email=form.cleaned_data["email"], network=sender.network
    )


def revise(comment: Comment, *, body: str, cookie: str, now: datetime) -> bool:
    """Send a writer's new words through the same checks; False when it is too late.

    What would be refused unseen stays, as spam: its writer learns nothing from it. Raises
    TooManyError.
    """
    if not rates.take(f"comments.edits:{comment.pk}", size=MOST_EDITS, per=WINDOW, now=now):
        raise TooManyError
    email = notices.address_of(comment)
    identity = trust.proven(cookie, email)
    record = trust.record_of(identity) if identity else None
    revision = _revision(comment, body, email=email, record=record, now=now)
    judgement = spam.judge(revision, rulesets.current())
    verdict = spam.verdict(judgement.score, is_trusted=trust.is_trusted(record, now))
    with transaction.atomic():
        changed = comment.edit(
            body=body,
            score=judgement.score,
            reasons=judgement.as_json(),
            to=STATES[verdict],
            now=now,
        )
        if changed and STATES[verdict] == State.HELD:
            notices.announce(now)
    return changed


def _submission_key(form: CommentForm) -> str:
    """Return what two sendings of one form have in common: what "single use" of a token means here.

    A kept page hands one token to all its readers, so a token by itself cannot be used up. Token,
    post, parent, name and words together are used once: sent again, by double click or Back, they
    give the comment that is there; other words make another comment, judged and counted by the
    rates as any. A token ends after a day, and is worth nothing on another post. The address is no
    part of the key: no hash of it is kept beside the comment.
    """
    data = form.cleaned_data
    parent = data["parent"].public_id if data["parent"] else ""
    parts = (data["rendered"], str(form.post.pk), parent, data["name"], data["body"])
    return salted_hmac("comments.submission", "\0".join(parts), algorithm="sha256").hexdigest()


def _crowded(form: CommentForm, *, network: str, now: datetime) -> tuple[str, ...]:
    """Take a token from each bucket; return what is busier than a conversation is."""
    email = form.cleaned_data["email"]
    sources = {"network": network, "address": email, "post": form.post.pk, "site": "all"}
    crowded = []
    for kind, source in sources.items():
        if not source:
            continue  # A network that is unknown says nothing.
        few, many = MOST[kind]
        if not rates.take(f"comments.many.{kind}:{source}", size=many, per=WINDOW, now=now):
            raise TooManyError
        if not rates.take(f"comments.few.{kind}:{source}", size=few, per=WINDOW, now=now):
            crowded.append(kind)
    return tuple(crowded)


def _submission(
    form: CommentForm, *, crowded: tuple[str, ...], record: spam.Record | None, now: datetime
) -> spam.Submission:
    data = form.cleaned_data
    return spam.Submission(
        name=data["name"],
        body=data["body"],
        body_html=markup.render(data["body"]),
        is_trapped=form.is_trapped,
        is_hasty=form.is_hasty,
        is_unsigned=form.is_unsigned,
        crowded=crowded,
        own_texts=_own_texts(notices.comments_from(data["email"]), now),
        spam_texts=_spam_texts(Comment.objects.all()),
        training=lessons.training_for([(data["name"], data["body"])]),
        is_proven_work=work.is_done(data["work"], token=data["rendered"], email=data["email"]),
        record=record,
        **_sources(form.post, data["body"], email=data["email"]),
    )


def _revision(
    comment: Comment, body: str, *, email: str, record: spam.Record | None, now: datetime
) -> spam.Submission:
    """Return what the checks see of new words, and how the first ones came."""
    codes = {reason["code"] for reason in comment.reasons}
    others = notices.comments_from(email).exclude(pk=comment.pk)
    return spam.Submission(
        name=comment.name,
        body=body,
        body_html=markup.render(body),
        is_trapped="trap" in codes,
        is_hasty="haste" in codes,
        is_unsigned="unsigned" in codes,
        is_proven_work="work" in codes,
        crowded=("before",) if "rate" in codes else (),
        own_texts=_own_texts(others, now),
        spam_texts=_spam_texts(Comment.objects.exclude(pk=comment.pk)),
        training=lessons.training_for([(comment.name, body)]),
        record=record,
        **_sources(comment.post, body, email=email),
    )


def _sources(post: Post, body: str, *, email: str) -> dict[str, Any]:
    """Return what a comment with a link could be copied from: the post, others' comments."""
    if not URL.search(body):
        return {}
    others = Comment.objects.published().filter(post=post, is_staff=False)
    others = others.exclude(pk__in=notices.comments_from(email).values("pk"))
    texts = others.order_by("-pk").values_list("body", flat=True)[:COMPARED_EARLIER]
    pieces = {piece for text in texts for piece in duplicates.pieces_of(text)}
    return {"post_text": post.plain_text, "earlier_pieces": pieces}


def _own_texts(comments: CommentQuerySet, now: datetime) -> tuple[str, ...]:
    recent = comments.filter(created_at__gte=now - OWN_COMPARED).order_by("pk")
    return tuple(recent.values_list("body", flat=True)[:COMPARED_SPAM])


def _spam_texts(comments: CommentQuerySet) -> tuple[str, ...]:
    newest = comments.spam().order_by("-created_at", "-pk")
    return tuple(newest.values_list("body", flat=True)[:COMPARED_SPAM])
