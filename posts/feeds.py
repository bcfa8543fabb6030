"""Feeds of posts: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1, with ids that survive a new slug."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.views.decorators.http import conditional_page, require_safe

from pbrsite.mail import absolute
from posts import moved
from posts.models import Author, Post, PostQuerySet, Tag
from posts.rendering import absolute_links, printable

ENTRIES = 20


@require_safe
@conditional_page
def rss(request: HttpRequest) -> HttpResponse:
    return _respond(_feed(Rss201rev2Feed, request, Post.objects.all(), title=settings.SITE_NAME))


@require_safe
@conditional_page
def atom(request: HttpRequest) -> HttpResponse:
    return _respond(_feed(Atom1Feed, request, Post.objects.all(), title=settings.SITE_NAME))


@require_safe
@conditional_page
def tag(request: HttpRequest, slug: str) -> HttpResponse:
    topic = Tag.objects.public().filter(slug=slug).first()
    if topic is None:
        return moved.tag(request, slug)
    title = f"{topic.topic_heading} · {settings.SITE_NAME}"
    posts = Post.objects.tagged(topic)
    link = topic.get_absolute_url()
    return _respond(_feed(Rss201rev2Feed, request, posts, title=title, link=link))


@require_safe
@conditional_page
def author(request: HttpRequest, slug: str) -> HttpResponse:
    writer = get_object_or_404(Author.objects.public(), slug=slug)
    title = f"{writer.name} · {settings.SITE_NAME}"
    link = writer.get_absolute_url()
    return _respond(_feed(Rss201rev2Feed, request, writer.posts.all(), title=title, link=link))


@require_safe
@conditional_page
def json(request: HttpRequest) -> HttpResponse:
    """Follows https://www.jsonfeed.org/version/1.1/."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": settings.SITE_NAME,
        "description": settings.SITE_DESCRIPTION,
        "home_page_url": settings.SITE_URL + "/",
        "feed_url": absolute(request.path),
        "language": settings.LANGUAGE_CODE,
        "items": [_json_item(post) for post in _newest(Post.objects.all())],
    }
    return JsonResponse(feed, content_type="application/feed+json")


def _feed(
    kind: type[Rss201rev2Feed] | type[Atom1Feed],
    request: HttpRequest,
    posts: PostQuerySet,
    *,
    title: str,
    link: str = "/",
) -> Rss201rev2Feed | Atom1Feed:
    feed = kind(
        title=printable(title),
        link=absolute(link),
        description=settings.SITE_DESCRIPTION,
        language=settings.LANGUAGE_CODE,
        feed_url=absolute(request.path),
    )
    for post in _newest(posts):
        feed.add_item(**_entry(post))
    return feed


def _respond(feed: Rss201rev2Feed | Atom1Feed) -> HttpResponse:
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


def _newest(posts: PostQuerySet) -> PostQuerySet:
    """Return the posts a feed carries, in two queries."""
    return posts.published().for_page().newest_first()[:ENTRIES]


def _entry(post: Post) -> dict[str, Any]:
    url = absolute(post.get_absolute_url())
    return {
        "title": printable(post.title),
        "link": url,
        "description": absolute_links(post.body_html),
        "unique_id": feed_id(post),
        "unique_id_is_permalink": False,
        "author_name": printable(post.author.name),
        "pubdate": post.published_at,
        "updateddate": post.revised_at or post.published_at,
        "categories": [printable(tag.name) for tag in post.tags.all()],
        "comments": f"{url}#comments",
    }


def _json_item(post: Post) -> dict[str, Any]:
    changed = post.revised_at or post.published_at
    return {
        "id": feed_id(post),
        "url": absolute(post.get_absolute_url()),
        "title": post.title,
        "summary": post.summary,
        "content_html": absolute_links(post.body_html),
        "date_published": post.published_at and post.published_at.isoformat(),
        "date_modified": changed and changed.isoformat(),
        "authors": [{"name": post.author.name, "url": absolute(post.author.get_absolute_url())}],
        "tags": [tag.name for tag in post.tags.all()],
    }


def feed_id(post: Post) -> str:
    """Return a tag URI (RFC 4151) of the row: a new slug or title does not send it out again."""
    return f"tag:{settings.SITE_HOST},{post.created_at:%Y-%m-%d}:post-{post.pk}"
