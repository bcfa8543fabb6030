"""`{% comment_thread post %}`: the post's comments and the form. One query, however many.

And `{% count_comments posts %}`: how many each card of a list tells of, one query for the list.
"""

import functools
from collections.abc import Iterable
from typing import Any

from crispy_forms.utils import render_crispy_form
from django import template
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from comments import closing, linkeddata, threads
from comments.forms import CommentForm
from comments.models import Comment
from pbrsite.paths import path_to
from posts.models import Post

register = template.Library()

# Stand for what differs from page to page in the form that is built once.
ACTION, TOKEN = "@action@", "@token@"


@register.inclusion_tag("comments/_thread.html")
def comment_thread(post: Post) -> dict[str, Any]:
    page = threads.page(post.pk, post.slug)
    is_open = closing.is_open(post, timezone.now())
    return {
        "rows": page.rows,
        "count": page.total,
        "form": blank_form(post) if is_open else "",
        "answer_url": path_to("comments:create", post.slug) if is_open else "",
        "feed_url": path_to("comments:feed", post.slug),
        "more_url": f"{path_to('comments:create', post.slug)}page/2/" if page.has_more else "",
        "linked_data": linkeddata.comments(post, page) if page.total else "",
    }


@register.simple_tag
def count_comments(posts: Iterable[Post]) -> str:
    """Give each post its `comment_count` for the card; shows nothing itself. One query."""
    shown = list(posts)
    counts = Comment.objects.counts_by_post([post.pk for post in shown])
    for post in shown:
        post.comment_count = counts.get(post.pk, 0)  # type: ignore[attr-defined]
    return ""


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
