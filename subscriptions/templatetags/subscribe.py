"""The sign-up at the foot of every page."""

from typing import Any

from django import template

from posts.models import Tag
from subscriptions.forms import LONGEST_ADDRESS, PROMISE, SubscribeForm

register = template.Library()


@register.inclusion_tag("subscriptions/_subscribe_form.html", takes_context=True)
def subscribe_form(context: dict[str, Any], *, tag: Tag | None = None) -> dict[str, Any]:
    """Return the sign-up form, for every post or for one topic. No query.

    Nothing on a page that is itself about signing up.
    """
    return {
        "is_hidden": context.get("is_subscribe_page", False),
        "tag": tag,
        "promise": PROMISE,
        "longest": LONGEST_ADDRESS,
        "render_token": SubscribeForm().render_token,
    }
