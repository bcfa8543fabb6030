"""The sign-up at the foot of every page."""

from collections.abc import Sequence
from typing import Any

from django import template

from posts.models import Tag
from subscriptions.forms import LONGEST_ADDRESS, PROMISE

register = template.Library()


@register.inclusion_tag("subscriptions/_subscribe_form.html")
def subscribe_form(*, tag: Tag | None = None, tags: Sequence[Tag] = ()) -> dict[str, Any]:
    """Return the sign-up form, for every post or for one topic or several. No query."""
    return {
        "tags": [tag] if tag else tags,
        "promise": PROMISE,
        "longest": LONGEST_ADDRESS,
    }
