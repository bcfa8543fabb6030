"""A reader's words as the editors left them: the page says that they did."""

from datetime import datetime

from django.db import transaction

from comments import markup
from comments.models import Comment


def reword(comment: Comment, *, name: str, body: str, now: datetime) -> bool:
    """Change name and text of a comment that is not erased; return whether anything changed.

    Its state stays what it is, and what it said before is not kept. Claims the row first: of two
    who save the same words at once, one changes them.
    """
    with transaction.atomic():
        there = Comment.objects.exclude(state=Comment.State.ERASED).exclude(name=name, body=body)
        changed = there.filter(pk=comment.pk).update(
            name=name, body=body, body_html=markup.render(body), staff_edited_at=now
        )
    return bool(changed)
