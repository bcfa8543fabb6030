"""Akismet's opinion, where the operator wants one: off without a key, and never in a reader's way.

https://akismet.com/developers/detailed-docs/comment-check/ . The service gets the text, the name
and the post's address. It gets neither the e-mail address nor the network address (the field the
protocol asks for holds a documentation address, RFC 5737) nor any hash of them.
"""

import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime

from django.conf import settings
from django.db import transaction

from comments import rulesets, spam
from comments.models import Comment
from comments.submissions import Finding
from pbrsite import mail

TIMEOUT_SECONDS = 10
LARGEST_ANSWER = 1_000  # bytes
NO_ADDRESS = "192.0.2.1"


class UnansweredError(Exception):
    """Akismet could not be reached or said neither yes nor no. The job asks again later."""


def announce(comment: Comment) -> None:
    """Have Akismet asked soon, in the caller's transaction, if there is a key to ask with."""
    from comments import tasks  # It names this module itself.

    if settings.AKISMET_KEY and comment.state == Comment.State.HELD:
        tasks.ask_akismet.defer(comment_pk=comment.pk)


def ask(comment_pk: int, now: datetime) -> bool:
    """Ask about a comment that still waits, and decide anew; return whether it was asked.

    Nothing of ours is locked while the other side thinks. Raises UnansweredError.
    """
    if not settings.AKISMET_KEY:
        return False
    comment = Comment.objects.held().select_related("post").filter(pk=comment_pk).first()
    if comment is None or any(one["code"] == "akismet" for one in comment.reasons):
        return False
    is_spam = _answer(comment)
    said = "Akismet calls it spam" if is_spam else "Akismet calls it honest"
    reconsider(comment_pk, Finding("akismet", said, 1.0 if is_spam else -1.0), now=now)
    return True


def reconsider(comment_pk: int, finding: Finding, *, now: datetime) -> None:
    """Add a finding that came late to a comment that still waits: it may become spam, no more."""
    with transaction.atomic():
        held = Comment.objects.held().filter(pk=comment_pk)
        comment = held.select_for_update().first()
        if comment is None:
            return
        found = [*spam.restored(comment.reasons), finding]
        judgement = spam.weigh(found, rulesets.current())
        held.update(score=judgement.score, reasons=judgement.as_json())
        if spam.verdict(judgement.score) in {spam.Verdict.SPAM, spam.Verdict.REFUSE}:
            held.file_as_spam(now=now)


def _answer(comment: Comment) -> bool:
    """Return Akismet's verdict. Any HTTP error, timeout or other answer is "unanswered"."""
    fields = {
        "api_key": settings.AKISMET_KEY,
        "blog": settings.SITE_URL,
        "user_ip": NO_ADDRESS,
        "permalink": mail.absolute(comment.post.get_absolute_url()),
        "comment_type": "reply" if comment.parent_id else "comment",
        "comment_author": comment.name,
        "comment_content": comment.body,
        "comment_date_gmt": comment.created_at.isoformat(),
    }
    request = urllib.request.Request(  # noqa: S310 (the settings allow http and https alone)
        settings.AKISMET_URL, urllib.parse.urlencode(fields).encode(), method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:  # noqa: S310
            text = response.read(LARGEST_ANSWER).strip()
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise UnansweredError(type(error).__name__) from error
    if text not in {b"true", b"false"}:
        raise UnansweredError("an answer that is neither true nor false")
    return bool(text == b"true")
