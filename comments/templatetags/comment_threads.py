"""`{% comment_thread post %}`: the post's comments and the form. One query, however many.

Written for speed, since it is part of every post's page: against an include per comment, date
filters and a form built anew, it costs a third.
"""

import functools
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from crispy_forms.utils import render_crispy_form
from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from comments.forms import CommentForm
from comments.models import Comment
from posts.models import Post

register = template.Library()


# Stand for what differs from page to page in the form that is built once.
ACTION, TOKEN = "@action@", "@token@"


@dataclass(frozen=True)
class Moment:
    """A time in the site's zone as a page needs it: in words, exact, and for machines."""

    words: str
    exact: str
    iso: str

    @classmethod
    def of(cls, when: datetime) -> "Moment":
        local = timezone.localtime(when)
        words = f"{local.day} {local:%B %Y}"
        return cls(words, f"{local:%A} {words}, {local:%H:%M}", local.isoformat(timespec="seconds"))


@dataclass
class Row:
    """One comment in reading order, and which lists open before and close after it."""

    comment: Comment
    created: Moment
    edited: Moment | None
    is_first_reply: bool = False
    is_last_of_level: bool = False
    closing: range = range(0)


@register.inclusion_tag("comments/_thread.html")
def comment_thread(post: Post) -> dict[str, Any]:
    comments = list(Comment.objects.public_for(post))
    return {
        "post": post,
        "rows": in_reading_order(comments),
        "count": sum(comment.is_public for comment in comments),
        "form": blank_form(post) if post.is_open_to_comments else "",
        "answer_url": reverse("comments:create", args=[post.slug]),
        "feed_url": reverse("comments:feed", args=[post.slug]),
    }


def blank_form(post: Post) -> SafeString:
    """Return the empty form's HTML, with this post's address and a token signed now."""
    form = CommentForm(post=post)
    html = _form_html().replace(ACTION, escape(form.helper.form_action))
    return mark_safe(html.replace(TOKEN, escape(form.render_token)))  # noqa: S308


@functools.cache
def _form_html() -> str:
    """Return the form as crispy builds it: four milliseconds, once per process."""
    form = CommentForm(post=Post(slug="any"))
    form.render_token = TOKEN
    form.helper.form_action = ACTION
    return str(render_crispy_form(form))


def in_reading_order(comments: list[Comment]) -> list[Row]:
    """Return the rows depth first, each level oldest first, from comments ordered by time.

    Flat rows with opening and closing marks, not nested templates: an include per comment costs
    more than the rest of the thread.
    """
    answers: dict[int | None, list[Comment]] = {}
    for comment in comments:
        answers.setdefault(comment.parent_id, []).append(comment)
    rows: list[Row] = []
    _walk(answers, None, rows)
    for row, following in zip_longest(rows, rows[1:]):
        next_depth = following.comment.depth if following else -1
        row.is_last_of_level = next_depth <= row.comment.depth
        row.closing = range(max(0, row.comment.depth - max(next_depth, 0)))
    return rows


def _walk(answers: dict[int | None, list[Comment]], parent: int | None, rows: list[Row]) -> None:
    for position, comment in enumerate(answers.get(parent, [])):
        edited = Moment.of(comment.edited_at) if comment.edited_at else None
        is_first_reply = parent is not None and position == 0
        rows.append(Row(comment, Moment.of(comment.created_at), edited, is_first_reply))
        _walk(answers, comment.pk, rows)
