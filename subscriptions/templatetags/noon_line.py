"""The noon line, for the form a post is written in."""

from typing import Any

from django import template
from django.template import Context
from django.utils import timezone

from posts.models import Post
from subscriptions import forecast

register = template.Library()


@register.inclusion_tag("subscriptions/_noon_line.html", takes_context=True)
def noon_line(context: Context, post: Post | None) -> dict[str, Any]:
    """Return when the post goes out by mail, as it was saved; none is one not written yet."""
    may = context["request"].user.has_perm("posts.publish_post")
    line = forecast.line(post or Post(), timezone.now(), may_publish=may)
    return {"line": line, "post": post}
