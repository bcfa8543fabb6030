"""The public pages of topics: each topic's own, and the posts that have several topics."""

from collections.abc import Sequence
from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
)
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from posts import cooccurrence, moved, search, snippets
from posts.cooccurrence import MOST_TAGS, intersection_url
from posts.models import Post, PostQuerySet, Tag, TagSlug
from posts.pagination import PER_PAGE, page_context
from posts.questions import Question


@require_safe
def tag_detail(request: HttpRequest, slug: str, number: int = 1) -> HttpResponse:
    tag = Tag.objects.public().filter(slug=slug).first()
    if tag is None:
        return moved.tag(request, slug)
    asked = Question.from_request(request.GET)
    posts = Post.objects.published().tagged(tag)
    featured = [] if asked.query else list(Post.objects.published().featured_on(tag))
    if featured:  # They stand above the list, on its first page, and not in it again.
        posts = posts.exclude(pk__in=[post.pk for post in featured])
    context = {
        "base": tag.get_absolute_url(),
        "tag": tag,
        "introduction": tag.live_introduction(tag.post_count),
        "post_count": tag.post_count,
        "subtopics": list(tag.public_subtopics()),
        "featured": featured,
        "besides": _besides([tag], asked, number),
    }
    return _list(request, "posts/tag_detail.html", posts, number, context)


@require_safe
def intersection(request: HttpRequest, slugs: str, number: int = 1) -> HttpResponse:
    """List the posts that have all of two or three tags, at one address in whatever order."""
    tags = _tags_at(set(slugs.split("+")))
    posts = Post.objects.published()
    for tag in tags:
        posts = posts.tagged(tag)
    post_count = posts.count()
    if not post_count:  # First of all: tags of drafts alone are not even named.
        raise Http404("No post has all of these tags.")
    base = intersection_url([tag.slug for tag in tags])
    if request.path != base and not request.path.startswith(f"{base}page/"):
        return _lead_to(request, base if number == 1 else f"{base}page/{number}/")
    asked = Question.from_request(request.GET)
    context = {
        "base": base,
        "tags": tags,
        "heading": " + ".join(tag.name for tag in tags),
        "chips": _chips(tags),
        "post_count": post_count,
        # Two topics with a page of posts are worth finding; the endless smaller ones are not.
        "is_indexed": len(tags) == 2 and post_count >= PER_PAGE and not asked.query,
        "besides": _besides(tags, asked, number),
    }
    return _list(request, "posts/tag_intersection.html", posts, number, context)


def _list(
    request: HttpRequest,
    template: str,
    posts: PostQuerySet,
    number: int,
    context: dict[str, Any],
) -> HttpResponse:
    """Render one page of a topic's posts, or of those that match `?q=`."""
    if request.path.endswith("/page/1/"):
        return redirect(context["base"], permanent=True)
    asked = Question.from_request(request.GET)
    query = {"q": asked.query} if asked.query else None
    listed = search.within(posts, asked.query) if asked.query else posts.for_list()
    number = asked.page if asked.query else number
    is_counted = not asked.query and not context.get("featured")
    total = context["post_count"] if is_counted else None
    context |= page_context(listed, number, base=context["base"], query=query, total=total)
    context["query"] = asked.query
    if asked.query:
        snippets.add(context["page_obj"], snippets.stems(asked.query))
    return render(request, template, context)


def _besides(tags: Sequence[Tag], asked: Question, number: int) -> cooccurrence.Besides | None:
    """Return what belongs to a topic's first page only."""
    return cooccurrence.besides(tags) if number == 1 and not asked.query else None


def _tags_at(slugs: set[str]) -> list[Tag]:
    """Return the tags at these addresses, of today or of once, in canonical order.

    Raises 404 when there is none at one of them, and for more than three. Two queries at most.
    """
    if len(slugs) > MOST_TAGS:
        raise Http404("More than three topics at once have no page.")
    tags = {tag.slug: tag for tag in Tag.objects.at(slugs)}
    if missing := slugs - tags.keys():
        heirs = TagSlug.objects.filter(slug__in=missing).values_list("slug", "tag__slug")
        if {old for old, new in heirs if new in tags} != missing:
            raise Http404("There is no such topic.")
    return [tags[slug] for slug in sorted(tags)]


def _lead_to(request: HttpRequest, path: str) -> HttpResponsePermanentRedirect:
    query = request.META.get("QUERY_STRING", "")
    answer = HttpResponsePermanentRedirect(path + (query and f"?{query}"))
    answer["Cache-Control"] = "no-cache"  # Asked anew each time: a merge can be undone.
    return answer


def _chips(tags: list[Tag]) -> list[dict[str, str]]:
    return [
        {
            "label": tag.name,
            "url": intersection_url([other.slug for other in tags if other != tag]),
        }
        for tag in tags
    ]
