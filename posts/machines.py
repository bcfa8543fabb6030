"""What machines ask for: the sitemap, robots.txt, the OpenSearch description."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from posts.models import Author, Post, Series, Tag

MOST_POSTS = 45_000  # sitemaps.org allows 50,000 addresses in one file


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Return every public page with the date of its last real change, newest first."""
    posts = Post.objects.published().newest_first()
    rows = posts.values_list("slug", "published_at", "revised_at", "corrected_at")
    context = {
        "posts": [
            (f"/{slug}/", max(filter(None, moments))) for slug, *moments in rows[:MOST_POSTS]
        ],
        "tags": list(Tag.objects.public()[:4_000]),
        "authors": list(Author.objects.public()[:500]),
        "series": list(Series.objects.public()[:400]),
    }
    return render(request, "posts/sitemap.xml", context, content_type="application/xml")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        "Disallow: /search/",
        "Disallow: /subscribe/",
        "Disallow: /subscription/",
        "Disallow: /u/",
        "",
        f"Sitemap: {settings.SITE_URL}/sitemap.xml",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def opensearch(request: HttpRequest) -> HttpResponse:
    kind = "application/opensearchdescription+xml"
    return render(request, "posts/opensearch.xml", content_type=kind)
