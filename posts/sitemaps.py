"""The sitemap (sitemaps.org): an index, and one file for each stretch of posts and kind of page.

A stretch is one of row numbers, so a post never moves from one file to another, and no file has to
be counted up to. Dates are those of real changes alone: one that lies is soon read by nobody.
Left out are the archives by date and the further pages of lists, which only lead to posts.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from django.conf import settings
from django.db.models import Max, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from pbrsite import pagecache, syndication
from pbrsite.mail import absolute
from posts import visibility
from posts.models import Author, Post, Series, Tag, TaggedPost

SECTION = 5_000  # row numbers in a file; sitemaps.org allows 50,000 addresses
MOST = 50_000
PAGES = ("home", "tags", "archive", "about", "corrections", "privacy")
Page = tuple[str, datetime | None, str]  # path, last real change, path of its image


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the files, each with its last real change; four queries."""
    changed_at = pagecache.changed_at()
    sections = list(Post.objects.published().by_section(SECTION))
    last = max((day for _, day in sections), default=None)
    kinds = ["pages", *(["authors"] if sections else []), *_kinds()]
    files = [(reverse("posts:sitemap_section", args=[kind]), last) for kind in kinds]
    files += [(reverse("posts:sitemap_posts", args=[number]), day) for number, day in sections]
    rows = "".join(f"<sitemap>{_located(path, changed)}</sitemap>\n" for path, changed in files)
    return _file(request, "sitemapindex", rows, changed_at)


@require_safe
def posts(request: HttpRequest, number: str) -> HttpResponse:
    """List the public posts of one stretch, with their lead images; two queries."""
    changed_at = pagecache.changed_at()
    rows = Post.objects.published().in_section(int(number), SECTION)
    pages = [
        (f"/{slug}/", max(filter(None, moments)), f"{settings.MEDIA_URL}{image}" if image else "")
        for slug, image, *moments in rows
    ]
    return _urlset(request, pages, changed_at)


@require_safe
def section(request: HttpRequest, kind: str) -> HttpResponse:
    """List the topics, authors, series or single pages; two queries."""
    changed_at = pagecache.changed_at()
    sections = {"pages": _pages, "topics": _topics, "authors": _authors, "series": _series}
    if kind not in sections:
        raise Http404("There is no such sitemap.")
    return _urlset(request, sections[kind](), changed_at)


def _kinds() -> list[str]:
    """Return which further kinds of page there are: a file without an address is an error."""
    now = timezone.now()
    filed = TaggedPost.objects.filter(visibility.published(now, through="content_object__"))
    told = Post.objects.published(now).exclude(series=None)
    return [kind for kind, rows in (("topics", filed), ("series", told)) if rows.exists()]


def _pages() -> Iterator[Page]:
    newest = Post.objects.published().newest_first().values_list("published_at", flat=True).first()
    for name in PAGES:
        yield reverse(f"posts:{name}"), newest if name == "home" else None, ""


def _topics() -> Iterator[Page]:
    public = visibility.published(timezone.now(), through="tagged_posts__content_object__")
    newest = Max("tagged_posts__content_object__published_at", filter=public)
    return _listed("tag", Tag.objects.public().annotate(newest_at=newest))


def _authors() -> Iterator[Page]:
    newest = Post.objects.published().newest_first().filter(author=OuterRef("pk"))
    alone = Subquery(newest.values("published_at")[:1])
    return _listed("author", Author.objects.public().annotate(newest_at=alone))


def _series() -> Iterator[Page]:
    public = visibility.published(timezone.now(), through="posts__")
    newest = Max("posts__published_at", filter=public)
    return _listed("series", Series.objects.public().annotate(newest_at=newest))


def _listed(name: str, rows: QuerySet[Any]) -> Iterator[Page]:
    """A list's page changes when a post joins it."""
    for slug, newest_at in rows.order_by("pk").values_list("slug", "newest_at")[:MOST]:
        yield reverse(f"posts:{name}", args=[slug]), newest_at, ""


def _urlset(request: HttpRequest, pages: Iterable[Page], changed_at: datetime) -> HttpResponse:
    """Return the file of these pages; 404 for none."""
    rows = "".join(
        f"<url>{_located(path, changed)}{_image(image)}</url>\n" for path, changed, image in pages
    )
    if not rows:
        raise Http404("There is nothing in this sitemap.")
    return _file(request, "urlset", rows, changed_at)


def _located(path: str, changed: datetime | None) -> str:
    lastmod = f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>" if changed else ""
    return f"<loc>{escape(absolute(path))}</loc>{lastmod}"


def _image(path: str) -> str:
    if not path:
        return ""
    return f"<image:image><image:loc>{escape(absolute(quote(path)))}</image:loc></image:image>"


def _file(request: HttpRequest, root: str, rows: str, changed_at: datetime) -> HttpResponse:
    """Return the file, or 304 to who has it.

    Written by hand: through a template ten thousand rows take ten times as long.
    """
    images = ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
    opening = f'<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    opening += f"{images if root == 'urlset' else ''}>"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}\n{rows}</{root}>\n'
    response = HttpResponse(text, content_type="application/xml; charset=utf-8")
    return syndication.conditional(request, response, changed_at=changed_at)
