"""Feeds of posts: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1, with ids that survive a new slug."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed
from django.views.decorators.http import conditional_page, require_safe

from pbrsite.mail import absolute
from posts import corrections, moved
from posts.models import Author, Post, PostQuerySet, Series, Tag
from posts.questions import Question
from posts.rendering import absolute_links, printable

ENTRIES = 20


class RSS(Rss201rev2Feed):
    """RSS 2.0 with a `dc:creator` for each author, as its best-practices profile asks."""

    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:dc": "http://purl.org/dc/elements/1.1/"}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        for name in item["authors"]:
            handler.addQuickElement("dc:creator", name)


class Atom(Atom1Feed):
    """Atom with an `author` element for each author (RFC 4287, section 4.1.2)."""

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        for name in item["authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", name)
            handler.endElement("author")


@require_safe
@conditional_page
def rss(request: HttpRequest) -> HttpResponse:
    return _respond(_feed(RSS, request, Post.objects.all(), title=settings.SITE_NAME))


@require_safe
@conditional_page
def atom(request: HttpRequest) -> HttpResponse:
    return _respond(_feed(Atom, request, Post.objects.all(), title=settings.SITE_NAME))


@require_safe
@conditional_page
def tag(request: HttpRequest, slug: str) -> HttpResponse:
    topic = Tag.objects.public().filter(slug=slug).first()
    if topic is None:
        return moved.tag(request, slug)
    title = f"{topic.topic_heading} · {settings.SITE_NAME}"
    posts = Post.objects.tagged(topic)
    link = topic.get_absolute_url()
    return _respond(_feed(RSS, request, posts, title=title, link=link))


@require_safe
@conditional_page
def author(request: HttpRequest, slug: str) -> HttpResponse:
    writer = get_object_or_404(Author.objects.public(), slug=slug)
    title = f"{writer.name} · {settings.SITE_NAME}"
    link = writer.get_absolute_url()
    posts = Post.objects.by(writer)
    return _respond(_feed(RSS, request, posts, title=title, link=link))


@require_safe
@conditional_page
def series(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Series.objects.public(), slug=slug)
    title = f"{shown.title} · {settings.SITE_NAME}"
    posts, link = Post.objects.filter(series=shown), shown.get_absolute_url()
    return _respond(_feed(RSS, request, posts, title=title, link=link))


@require_safe
@conditional_page
def search(request: HttpRequest) -> HttpResponse:
    """Return what is new in a search: the newest posts that match, whatever their rank."""
    asked = Question.from_request(request.GET)
    if asked.is_empty:
        return redirect("posts:feed")
    title = f"{asked.heading()} · {settings.SITE_NAME}"
    response = _respond(_feed(RSS, request, asked.matching(), title=title, link=asked.url()))
    response["X-Robots-Tag"] = "noindex"
    return response


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
    kind: type[RSS] | type[Atom],
    request: HttpRequest,
    posts: PostQuerySet,
    *,
    title: str,
    link: str = "/",
) -> RSS | Atom:
    feed = kind(
        title=printable(title),
        link=absolute(link),
        description=settings.SITE_DESCRIPTION,
        language=settings.LANGUAGE_CODE,
        feed_url=absolute(request.get_full_path() if "?" in link else request.path),
    )
    for post in _newest(posts):
        feed.add_item(**_entry(post))
    return feed


def _respond(feed: RSS | Atom) -> HttpResponse:
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


def _newest(posts: PostQuerySet) -> list[Post]:
    """Return the posts a feed carries, each with its content; three queries."""
    newest = list(posts.published().for_page().newest_first()[:ENTRIES])
    Series.objects.prefetch_outlines(newest)
    return newest


def _content(post: Post) -> str:
    """Return the body as a feed reader shows it: notices, full addresses, place in a series."""
    note = (
        render_to_string("posts/_series_note.html", {"outline": post.outline})
        if post.outline
        else ""
    )
    around = printable(corrections.feed_html(post)) + post.body_html + note
    return absolute_links(around, page=post.get_absolute_url())


def _entry(post: Post) -> dict[str, Any]:
    url = absolute(post.get_absolute_url())
    return {
        "title": printable(post.display_title),
        "link": url,
        "description": _content(post),
        "unique_id": feed_id(post),
        "unique_id_is_permalink": False,
        "authors": [printable(author.name) for author in post.byline()],
        "pubdate": post.published_at,
        "updateddate": post.updated_at or post.published_at,
        "categories": [printable(tag.name) for tag in post.tags.all()],
        "comments": f"{url}#comments",
    }


def _json_item(post: Post) -> dict[str, Any]:
    changed = post.updated_at or post.published_at
    return {
        "id": feed_id(post),
        "url": absolute(post.get_absolute_url()),
        "title": post.display_title,
        "summary": post.summary,
        "content_html": _content(post),
        "date_published": post.published_at and post.published_at.isoformat(),
        "date_modified": changed and changed.isoformat(),
        "authors": [
            {"name": author.name, "url": absolute(author.get_absolute_url())}
            for author in post.byline()
        ],
        "tags": [tag.name for tag in post.tags.all()],
    }


def feed_id(post: Post) -> str:
    """Return a tag URI (RFC 4151) of the row: a new slug or title does not send it out again."""
    return f"tag:{settings.SITE_HOST},{post.created_at:%Y-%m-%d}:post-{post.pk}"
