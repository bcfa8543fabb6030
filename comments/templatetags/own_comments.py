"""`{% own_comments post %}`: what this browser sent that nobody else sees yet, or may still change.

One query, and none for a reader without the cookie.
"""

from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from comments import ownership
from comments.models import EDITABLE_FOR, Comment
from posts.models import Post

register = template.Library()


@register.simple_tag(takes_context=True)
def own_comments(context: dict[str, Any], post: Post) -> SafeString:
    request = context.get("request")
    public_ids = ownership.public_ids(request, post) if request else []
    if not public_ids:
        return mark_safe("")
    now = timezone.now()
    rows: list[dict[str, Any]] = [
        {"comment": comment, "is_editable": comment.is_editable(now),
         "until": comment.created_at + EDITABLE_FOR}
        for comment in Comment.objects.shown_to_writer(post, public_ids)
        if not comment.is_public or comment.is_editable(now)
    ]  # fmt: skip
    if not rows:
        return mark_safe("")
    for row in rows:
        row["comment"].post = post  # For its address, without a query.
    return render_to_string("comments/_own.html", {"rows": rows, "post": post})
