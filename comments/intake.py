"""From a valid form to a stored comment: rates, score, verdict, one row however often sent."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from comments import akismet, duplicates, lessons, markup, notices, rulesets, spam, work
from comments.forms import CommentForm
from comments.models import Comment
from comments.records import RefusalCount
from comments.tokens import URL
from pbrsite import rates

WINDOW = timedelta(minutes=10)
# Per window, from one network and address, on one post and the site: worth a doubt; too many.
# An office or a prison education wing shares one network.
MOST = {"network": (10, 40), "address": (5, 20), "post": (20, 100), "site": (60, 300)}
COMPARED_SPAM = 200
COMPARED_EARLIER = 300
OWN_COMPARED = timedelta(days=1)


class TooManyError(Exception):
    """Too many comments came from one place. Wait ten minutes, then send it again."""

    def __str__(self) -> str:
        return (
            "Too many comments are arriving just now. Your text is kept below: "
            "wait ten minutes, then send it again."
        )


class ParentGoneError(Exception):
    """What the comment answers was deleted while it was being stored. Nothing was kept."""


def receive(form: CommentForm, *, network: str, now: datetime) -> Comment | None:
    """Store what a valid form says, held or as spam; None when it is refused without a word.

    The same form sent again gives the comment that is there. Raises TooManyError and
    ParentGoneError.
    """
    key = _submission_key(form)
    if there := Comment.objects.filter(submission_key=key).first():
        return there
    crowded = _crowded(form, network=network, now=now)
    judgement = spam.judge(_submission(form, crowded=crowded, now=now), rulesets.current())
    verdict = spam.verdict(judgement.score)
    if verdict is spam.Verdict.REFUSE:
        RefusalCount.add(now.date())
        return None
    is_spam = verdict is spam.Verdict.SPAM
    comment = Comment(
        post=form.post,
        parent=form.cleaned_data["parent"],
        name=form.cleaned_data["name"],
        body=form.cleaned_data["body"],
        state=Comment.State.SPAM if is_spam else Comment.State.HELD,
        created_at=now,
        score=judgement.score,
        reasons=judgement.as_json(),
        submission_key=key,
    )
    return _keep(comment, form, network=network)


def _keep(comment: Comment, form: CommentForm, *, network: str) -> Comment:
    """Save comment, contact and notice in one transaction; of two clicks at once the first wins."""
    try:
        with transaction.atomic():
            comment.save()
            notices.keep_contact(
                comment,
                email=form.cleaned_data["email"],
                wants_replies=form.cleaned_data["notify"],
                network=network,
            )
            if comment.state == Comment.State.HELD:
                notices.announce(comment.created_at)
                akismet.announce(comment)
    except IntegrityError as error:
        if there := Comment.objects.filter(submission_key=comment.submission_key).first():
            return there
        if comment.parent is None or Comment.objects.filter(pk=comment.parent.pk).exists():
            raise
        raise ParentGoneError from error
    return comment


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


def _submission(form: CommentForm, *, crowded: tuple[str, ...], now: datetime) -> spam.Submission:
    data = form.cleaned_data
    own = notices.comments_from(data["email"]).filter(created_at__gte=now - OWN_COMPARED)
    known = Comment.objects.spam().order_by("-created_at", "-pk")[:COMPARED_SPAM]
    return spam.Submission(
        name=data["name"],
        body=data["body"],
        body_html=markup.render(data["body"]),
        is_trapped=form.is_trapped,
        is_hasty=form.is_hasty,
        is_unsigned=form.is_unsigned,
        crowded=crowded,
        own_texts=tuple(own.order_by("pk").values_list("body", flat=True)[:COMPARED_SPAM]),
        spam_texts=tuple(known.values_list("body", flat=True)),
        training=lessons.training_for([(data["name"], data["body"])]),
        is_proven_work=work.is_done(data["work"], token=data["rendered"], email=data["email"]),
        **_sources(form),
    )


def _sources(form: CommentForm) -> dict[str, Any]:
    """Return what a comment with a link could be copied from: the post, others' comments."""
    if not URL.search(form.cleaned_data["body"]):
        return {}
    others = Comment.objects.published().filter(post=form.post, is_staff=False)
    others = others.exclude(pk__in=notices.comments_from(form.cleaned_data["email"]).values("pk"))
    texts = others.order_by("-pk").values_list("body", flat=True)[:COMPARED_EARLIER]
    pieces = {piece for text in texts for piece in duplicates.pieces_of(text)}
    return {"post_text": form.post.plain_text, "earlier_pieces": pieces}
