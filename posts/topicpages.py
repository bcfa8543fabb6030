"""The public pages of topics: each topic's own, and the posts that have several topics."""

from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
)
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from posts import cooccurrence, search, snippets, statements
from posts import moved as old_addresses
from posts.cooccurrence import MOST_TAGS, intersection_url
from posts.models import Post, Tag, TagSlug
from posts.pagination import PER_PAGE, Rows, page_context, to_one_address
from posts.postlists import PostList
from posts.questions import Question


@require_safe
def tag_detail(request: HttpRequest, slug: str, number: int = 1) -> HttpResponse:
    now = timezone.now()
    tag = statements.topic(slug, now)
    if tag is None:
        return old_addresses.tag(request, slug)
    asked = Question.from_request(request.GET)
    featured = [] if asked.query else statements.featured(tag.pk, now)
    # They stand above the list, on its first page, and not in it again.
    posts: Rows = PostList.of_tag(tag, now).without(featured)
    subtopics = [] if asked.query else statements.subtopics(tag.pk, now)
    context = {
        "base": tag.get_absolute_url(),
        "tag": tag,
        "tags": [tag],
        "introduction": tag.live_introduction(tag.post_count),
        "post_count": tag.post_count,
        "subtopics": subtopics,
        "featured": featured,
        "besides": (
            cooccurrence.besides([tag], now, leaving_out=subtopics)
            if number == 1 and not asked.query
            else None
        ),
    }
    return _list(request, "posts/tag_detail.html", posts, number, context)


@require_safe
def intersection(request: HttpRequest, slugs: str, number: int | str = 1) -> HttpResponse:
    """List the posts that have all of two or three tags, at one address in whatever order."""
    number = int(number)
    tags = _tags_at(set(slugs.split("+")))
    now = timezone.now()
    filed = cooccurrence.entries(tags, now)
    post_count = filed.count()
    if not post_count:
        raise Http404("No post has all of these tags.")
    base = intersection_url([tag.slug for tag in tags])
    if request.path != base and not request.path.startswith(f"{base}page/"):
        return _lead_to(request, base if number == 1 else f"{base}page/{number}/")
    asked = Question.from_request(request.GET)
    posts = Post.objects.published(now).filter(pk__in=filed.order_by().values("post_id"))
    context = {
        "base": base,
        "tags": tags,
        "heading": " + ".join(tag.name for tag in tags),
        "chips": _chips(tags),
        "post_count": post_count,
        # Two topics with a page of posts are worth finding; the endless smaller ones are not.
        "is_indexed": len(tags) == 2 and post_count >= PER_PAGE and not asked.query,
        "besides": cooccurrence.besides(tags, now) if number == 1 and not asked.query else None,
    }
    return _list(request, "posts/tag_intersection.html", posts.for_list(), number, context)


def _list(
    request: HttpRequest, template: str, posts: Rows, number: int, context: dict[str, Any]
) -> HttpResponse:
    """Render one page of the posts of `context["tags"]`, or of those that match `?q=`."""
    if moved := to_one_address(request, number, base=context["base"]):
        return moved
    asked = Question.from_request(request.GET)
    context["query"] = asked.query
    if asked.query:
        context |= _found(asked, context["tags"], context["base"])
    else:
        total = None if context.get("featured") else context["post_count"]
        context |= page_context(posts, number, base=context["base"], total=total)
    return render(request, template, context)


def _found(asked: Question, tags: list[Tag], base: str) -> dict[str, Any]:
    """Return the page of what matches among the posts that have all of these tags."""
    filed = ("tags @> %(tags)s::bigint[]", {"tags": [tag.pk for tag in tags]})
    found = search.find(asked.query, narrowing={"tags": filed})
    listed, query = search.Listed(found.post_ids), {"q": asked.query}
    page = page_context(listed, asked.page, base=base, query=query)
    snippets.add(page["page_obj"], found.matching.marks)
    return page


def _tags_at(slugs: set[str]) -> list[Tag]:
    """Return the public tags at these addresses, of today or of once, in canonical order.

    Raises 404 when there is none at one of them, and for more than three. Two queries at most.
    """
    if len(slugs) > MOST_TAGS:
        raise Http404("More than three topics at once have no page.")
    tags = {tag.slug: tag for tag in Tag.objects.public().at(slugs)}
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
