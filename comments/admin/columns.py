"""The columns of the moderation queue: who, what, why it is here, and the buttons."""

from typing import Any

from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from comments import reasons
from comments.admin.histories import History
from comments.deskform import VERBS, steps_from
from comments.models import Comment

LONGEST = 900  # characters in the queue
CHIPS = {
    "published": "chip--good",
    "held": "chip--warn",
    "spam": "chip--bad",
    "removed": "chip--bad",
}
# `Row` is a Comment to which the list has added `history` and `shows_address`.
Row = Any


class Columns:
    """What each row shows; part of the desk, kept apart to be read whole."""

    @admin.display(description="who", ordering="name")
    def who(self, row: Row) -> SafeString:
        """Return the name, when, and what else has come from the same address."""
        history: History = row.history
        context = {
            "comment": row,
            "history": history,
            "email": history.email if row.shows_address else "",
            "history_url": history_url(row) if history.total > 1 else "",
            "change_url": change_url(row),
        }
        return render_to_string("admin/comments/comment/_who.html", context)

    @admin.display(description="comment")
    def said(self, row: Row) -> SafeString:
        """Return the source: its links are text, and its HTML is escaped by the template."""
        text = brief(row.body)
        context = {"comment": row, "text": text, "is_cut": text != row.body,
                   "change_url": change_url(row)}  # fmt: skip
        return render_to_string("admin/comments/comment/_said.html", context)

    @admin.display(description="state and score", ordering="score")
    def chips(self, comment: Comment) -> SafeString:
        """Return the state with the score, then each reason for it in words."""
        score = f", score {comment.score}".replace("-", "−") if comment.score else ""
        rows = [(CHIPS.get(comment.state, ""), f"{comment.get_state_display()}{score}")]
        rows += [("chip--words", words) for words in reasons.said(comment.reasons)]
        return format_html_join(" ", '<span class="chip {}">{}</span>', rows)

    @admin.display(description="decide")
    def decide(self, row: Row) -> SafeString:
        """Return the buttons of the steps that are open: they work without JavaScript."""
        context = {
            "comment": row,
            "buttons": [(verb, *VERBS[verb][:2]) for verb in steps_from(row.state)],
            "url": reverse("admin:comments_comment_decide"),
            "change_url": change_url(row),
            "may_be_answered": row.state in {Comment.State.HELD, Comment.State.PUBLISHED},
        }
        return render_to_string("admin/comments/comment/_decide.html", context)

    @admin.display(description="text")
    def full_text(self, comment: Comment) -> SafeString:
        return format_html('<div class="desk-text">{}</div>', comment.body)

    @admin.display(description="post", ordering="post__title")
    def on_post(self, comment: Comment) -> SafeString:
        return format_html(
            '<a href="{}#comments">{}</a>', comment.post.get_absolute_url(), comment.post.title
        )

    @admin.display(description="in answer to")
    def answers(self, comment: Comment) -> str:
        parent = comment.parent
        return f"{parent.name}: {brief(parent.body)}" if parent else "–"


def history_url(comment: Comment) -> str:
    return f"{reverse('admin:comments_comment_changelist')}?by={comment.public_id}"


def change_url(comment: Comment) -> str:
    return reverse("admin:comments_comment_change", args=[comment.pk])


def brief(text: str) -> str:
    """Return the text as it stands, or so much of a long one, to the end of a word."""
    if len(text) <= LONGEST:
        return text
    cut = text[:LONGEST]
    return f"{cut[: cut.rfind(' ', LONGEST // 2) + 1].rstrip() or cut}…"
