"""Feeds of posts: of all, of a topic, an author or a series; each in three formats."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from pbrsite import pagecache, syndication
from pbrsite.mail import absolute
from pbrsite.syndication import Channel
from posts import entries, moved
from posts.models import Author, Post, PostQuerySet, Series, Tag
from posts.postlists import PostList
from posts.questions import Question


@require_safe
def latest(request: HttpRequest, kind: str = "rss") -> HttpResponse:
    return respond(request, Post.objects.all(), kind)


@require_safe
def tag(request: HttpRequest, slug: str, kind: str = "rss") -> HttpResponse:
    topic = Tag.objects.public().filter(slug=slug).first()
    if topic is None:
        return moved.tag(request, slug)
    return respond(
        request,
        PostList.of_tag(topic, timezone.now()).newest(entries.ENTRIES),
        kind,
        title=topic.topic_heading,
        page=topic.get_absolute_url(),
        key=f"topic-{topic.pk}",
    )


@require_safe
def author(request: HttpRequest, slug: str, kind: str = "rss") -> HttpResponse:
    writer = get_object_or_404(Author.objects.public(), slug=slug)
    return respond(
        request,
        PostList.of_author(writer, timezone.now()).newest(entries.ENTRIES),
        kind,
        title=writer.name,
        page=writer.get_absolute_url(),
        key=f"author-{writer.pk}",
    )


@require_safe
def series(request: HttpRequest, slug: str, kind: str = "rss") -> HttpResponse:
    shown = get_object_or_404(Series.objects.public(), slug=slug)
    return respond(
        request,
        Post.objects.filter(series=shown),
        kind,
        title=shown.title,
        page=shown.get_absolute_url(),
        key=f"series-{shown.pk}",
    )


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Return what is new in a search: the newest posts that match, whatever their rank."""
    asked = Question.from_request(request.GET)
    if asked.is_empty:
        return redirect("posts:feed")
    response = respond(request, asked.matching(), title=asked.heading(), page=asked.url())
    response["X-Robots-Tag"] = "noindex"
    return response


def respond(
    request: HttpRequest,
    posts: PostQuerySet,
    kind: str = "rss",
    *,
    title: str = "",
    page: str = "/",
    key: str = "",
) -> HttpResponse:
    """Return the newest public posts of these as a feed; five queries.

    `page` is the path of what the feed is of, its query and all, and `key` names it for good,
    whatever its address becomes; without one the address itself is the feed's id.
    """
    changed_at = pagecache.changed_at()
    channel = Channel(
        id=absolute(f"/#{key}") if key else absolute(page),
        title=f"{title} · {settings.SITE_NAME}" if title else settings.SITE_NAME,
        description=settings.SITE_DESCRIPTION,
        url=absolute(page),
        feed_url=absolute(request.get_full_path() if "?" in page else request.path),
        entries=entries.newest(posts),
    )
    return syndication.answer(request, channel, kind, changed_at=changed_at)
