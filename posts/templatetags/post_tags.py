"""What other templates show of the posts room."""

from typing import Any

from django import template

from posts.models import Tag

register = template.Library()


@register.inclusion_tag("posts/_topic_links.html")
def topic_links() -> dict[str, Any]:
    """Return the topics an editor put in the header; one query."""
    tags = Tag.objects.filter(is_in_navigation=True).only("name", "slug")
    return {"tags": tags.order_by("name", "pk")[:6]}
