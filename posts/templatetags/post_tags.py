"""What other templates show of the posts room."""

from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.db.models import QuerySet
from django.templatetags.static import static

from pbrsite.database.statements import Statement
from pbrsite.mail import absolute
from pbrsite.paths import path_to
from posts import linkeddata, moments
from posts.models import Tag

register = template.Library()


@register.inclusion_tag("posts/_topic_links.html")
def topic_links() -> dict[str, Any]:
    """Return the topics an editor put in the header; one query."""
    return {"tags": [{"name": name, "url": path_to("posts:tag", slug)} for name, slug in _topics()]}


@Statement
def _topics() -> QuerySet[Tag, tuple[str, str]]:
    tags = Tag.objects.filter(is_in_navigation=True).order_by("name", "pk")
    return tags.values_list("name", "slug")[:6]


@register.filter
def day(moment: datetime | None) -> str:
    """Return "4 March 2026" on the site's clock: `date:"j F Y"` at a fifth of the cost."""
    return moments.day(moment) if moment else ""


@register.filter
def machine_time(moment: datetime | None) -> str:
    """Return what `date:"c"` does, for a `datetime` attribute."""
    return moment.astimezone(settings.ZONE).isoformat() if moment else ""


@register.simple_tag
def absolute_static(path: str) -> str:
    """Return the full address of a static file, for who reads the page elsewhere."""
    return absolute(static(path))


# JSON-LD of the pages that are no posts; the page's own object is all they need.
register.simple_tag(linkeddata.profile, name="profile_data")
register.simple_tag(linkeddata.topic, name="topic_data")
register.simple_tag(linkeddata.series, name="series_data")
register.simple_tag(linkeddata.website, name="website_data")
