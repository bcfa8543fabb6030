"""Old addresses of tags: asked about only when no live tag answers."""

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from posts.models import Tag


def tag(request: HttpRequest, slug: str) -> HttpResponsePermanentRedirect:
    """Lead from a topic's old address to the same page of its new one, the question kept.

    Raises 404 for an address no public tag ever had.
    """
    found = get_object_or_404(Tag.objects.public().formerly(slug))
    match = request.resolver_match
    assert match is not None  # noqa: S101 (a view was found, or we would not be here)
    kwargs, name = {**match.kwargs, "slug": found.slug}, match.view_name
    if kwargs.get("number") == 1:  # Page one has an address of its own.
        del kwargs["number"]
        name = "posts:tag"
    query = request.META.get("QUERY_STRING", "")
    answer = HttpResponsePermanentRedirect(reverse(name, kwargs=kwargs) + (query and f"?{query}"))
    # Asked anew each time: browsers keep a 301 for good, and a merge can be undone.
    answer["Cache-Control"] = "no-cache"
    return answer
