"""The public pages of the posts room."""

from typing import Any

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponsePermanentRedirect,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from posts import (
    addresses,
    answers,
    bibliography,
    cards,
    linkeddata,
    misses,
    previews,
    series,
    sharing,
    statements,
)
from posts.models import Author, Correction, Post, PreviewLink, Series
from posts.pagination import Rows, page_context, to_one_address
from posts.postlists import PostList
from posts.proofs import proof
from posts.questions import Question


@require_safe
def home(request: HttpRequest, number: int = 1) -> HttpResponse:
    if moved := addresses.for_home(request):
        return moved
    posts = PostList.of_all(timezone.now())
    return _list_page(request, "posts/post_list.html", posts, number, {"base": "/"})


@require_safe
def post_detail(request: HttpRequest, slug: str) -> HttpResponse:
    post = statements.page(slug, timezone.now())
    if post is None:
        raise Http404("There is no such post.")
    if "replytocom" in request.GET:
        return HttpResponsePermanentRedirect(request.path)
    Series.objects.prefetch_outlines([post])
    return render(request, "posts/post_detail.html", post_context(post))


def post_context(post: Post) -> dict[str, Any]:
    """Return what a post's page shows, for readers and for previews alike."""
    return {
        "post": post,
        "related": post.related(),
        "citing": post.citing(),
        "share_links": sharing.links(post),
        "json_ld": linkeddata.article(post),
        "card": cards.card_of(post),
        "reference": bibliography.reference(post, timezone.now()),
    }


@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show a reviewer the post as it is saved now; once it is public, its own page.

    The way there is a temporary redirect, since a post may be withdrawn and reviewed again.
    """
    now = timezone.now()
    link = PreviewLink.objects.find(token, now)
    if link is None:
        raise Http404("This preview link has ended.")
    post = Post.objects.for_page().get(pk=link.post_id)
    if post.is_published(now):
        response: HttpResponseBase = redirect(post)
        response["Cache-Control"] = "no-store"
        return response
    post.published_at = post.published_at or now
    series.preview_outline(post, now, saved_slug=post.slug)
    banner = render_to_string("posts/_preview_banner.html", {"link": link})
    pictures = previews.media_pass(post.pk, now, link_pk=link.pk)
    return proof(request, post_context(post), banner=banner, media_pass=pictures)


@require_safe
def series_detail(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Series.objects.public(), slug=slug)
    return render(request, "posts/series_detail.html", {"outline": series.outline(shown)})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Answer a search. One without any result is noted for the editors, in a file: see `misses`."""
    asked = Question.from_request(request.GET)
    context = answers.answer(asked)
    if answers.is_miss(asked, context):
        guess = (context["corrected"] or context["did_you_mean"] or {}).get("text", "")
        misses.note(request, asked.query, guess=guess, now=timezone.now())
    context["canonical_url"] = settings.SITE_URL + asked.here()
    return render(request, "posts/search.html", context)


@require_safe
def corrections(request: HttpRequest, number: int = 1) -> HttpResponse:
    """List every public notice, newest first."""
    base = reverse("posts:corrections")
    if moved := to_one_address(request, number, base=base):
        return moved
    notices = Correction.objects.public(timezone.now()).for_list()
    context = page_context(notices, number, base=base)
    return render(request, "posts/correction_list.html", context)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    counts = {
        "post_count": PostList.of_all(timezone.now()).count(),
        "author_count": Author.objects.public().count(),
    }
    return render(request, "posts/about.html", counts)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "posts/privacy.html")


def _list_page(
    request: HttpRequest,
    template: str,
    posts: Rows,
    number: int,
    context: dict[str, Any],
) -> HttpResponse:
    """Render one page of a list; `context["base"]` is the address of its first page."""
    if moved := to_one_address(request, number, base=context["base"]):
        return moved
    context |= page_context(posts, number, base=context["base"], query=context.get("within"))
    context["post_count"] = context.get("post_count", context["page_obj"].paginator.count)
    return render(request, template, context)
