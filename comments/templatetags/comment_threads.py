"""`{% comment_thread post %}`: the post's comments and the form. One query, however many.

Written for speed, since it is part of every post's page: against an include per comment, model
instances, date filters and a form built anew, it costs a sixth.
"""

import functools
from datetime import datetime
from itertools import zip_longest
from typing import Any

from crispy_forms.utils import render_crispy_form
from django import template
from django.conf import settings
from django.db.models import QuerySet
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from comments.forms import CommentForm
from comments.models import Comment
from pbrsite.database.statements import Statement
from pbrsite.paths import path_to
from posts.models import Post

register = template.Library()

# Stand for what differs from page to page in the form that is built once.
ACTION, TOKEN = "@action@", "@token@"

# A dictionary, not an object: a template finds a key at a third of what an attribute costs it.
Row = dict[str, Any]


@register.inclusion_tag("comments/_thread.html")
def comment_thread(post: Post) -> dict[str, Any]:
    rows = in_reading_order([_row(*columns) for columns in _thread(post.pk)])
    return {
        "post": post,
        "rows": rows,
        "count": sum(row["is_public"] for row in rows),
        "form": blank_form(post) if post.is_open_to_comments else "",
        "answer_url": path_to("comments:create", post.slug),
        "feed_url": path_to("comments:feed", post.slug),
    }


@Statement
def _thread(post_id: int) -> QuerySet[Comment, tuple[Any, ...]]:
    return Comment.objects.public_for(post_id).values_list(
        "pk", "parent", "depth", "public_id", "state", "name", "body_html", "is_staff",
        "created_at", "edited_at",
    )  # fmt: skip


def _row(*columns: Any) -> Row:
    """Return what the template shows of a comment, and what `in_reading_order` goes by."""
    pk, parent, depth, public_id, state, name, body_html, is_staff, created_at, edited_at = columns
    words, exact, iso = _moment(created_at)
    return {
        "pk": pk, "parent": parent, "depth": depth, "public_id": public_id,
        "anchor": f"comment-{public_id}", "is_public": state == Comment.State.PUBLISHED.value,
        "name": name, "body_html": body_html, "is_staff": is_staff,
        "words": words, "exact": exact, "iso": iso,
        "edited": _moment(edited_at)[1] if edited_at else "",
        "is_first_reply": False, "is_last_of_level": False, "closing": (),
    }  # fmt: skip


def _moment(when: datetime) -> tuple[str, str, str]:
    """Return a time in the site's zone as a page needs it: in words, exact, and for machines."""
    local = when.astimezone(settings.ZONE)
    words = f"{local.day} {local:%B %Y}"
    return words, f"{local:%A} {words}, {local:%H:%M}", local.isoformat(timespec="seconds")


def blank_form(post: Post) -> SafeString:
    """Return the empty form's HTML, with this post's address and a token signed now."""
    html = _form_html().replace(ACTION, escape(path_to("comments:create", post.slug)))
    return mark_safe(html.replace(TOKEN, escape(CommentForm.token_of(str(post.pk)))))  # noqa: S308


@functools.cache
def _form_html() -> str:
    """Return the form as crispy builds it: four milliseconds, once per process."""
    form = CommentForm(post=Post(slug="any"))
    form.render_token = TOKEN
    form.helper.form_action = ACTION
    return str(render_crispy_form(form))


def in_reading_order(rows: list[Row]) -> list[Row]:
    """Return the rows depth first, each level oldest first, from rows ordered by time.

    Each says which lists open before and close after it: flat rows, not nested templates, since
    an include per comment costs more than the rest of the thread.
    """
    answers: dict[int | None, list[Row]] = {}
    for row in rows:
        answers.setdefault(row["parent"], []).append(row)
    ordered: list[Row] = []
    _walk(answers, None, ordered)
    for row, following in zip_longest(ordered, ordered[1:]):
        next_depth = following["depth"] if following else -1
        row["is_last_of_level"] = next_depth <= row["depth"]
        row["closing"] = range(max(0, row["depth"] - max(next_depth, 0)))
    return ordered


def _walk(answers: dict[int | None, list[Row]], parent: int | None, ordered: list[Row]) -> None:
    for position, row in enumerate(answers.get(parent, [])):
        row["is_first_reply"] = parent is not None and position == 0
        ordered.append(row)
        _walk(answers, row["pk"], ordered)
