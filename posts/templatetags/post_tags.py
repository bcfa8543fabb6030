"""What other templates show of the posts room."""

from typing import Any

from django import template
from django.templatetags.static import static

from pbrsite.mail import absolute
from posts import linkeddata
from posts.models import Tag

register = template.Library()


@register.inclusion_tag("posts/_topic_links.html")
def topic_links() -> dict[str, Any]:
    """Return the topics an editor put in the header; one query."""
    tags = Tag.objects.filter(is_in_navigation=True).only("name", "slug")
    return {"tags": tags.order_by("name", "pk")[:6]}


@register.simple_tag
def absolute_static(path: str) -> str:
    """Return the full address of a static file, for who reads the page elsewhere."""
    return absolute(static(path))


# JSON-LD of the pages that are no posts; the page's own object is all they need.
register.simple_tag(linkeddata.profile, name="profile_data")
register.simple_tag(linkeddata.topic, name="topic_data")
register.simple_tag(linkeddata.series, name="series_data")
register.simple_tag(linkeddata.website, name="website_data")
