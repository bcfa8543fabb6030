"""The public pages of the posts room."""

from typing import Any

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
    moved,
    previews,
    series,
    sharing,
)
from posts import search as searching
from posts.models import Author, Correction, Post, PreviewLink, Series, Tag
from posts.pagination import Rows, page_context, to_one_address
from posts.postlists import PostList
from posts.proofs import proof
from posts.questions import Question
from posts.snippets import mark

KIND_HEADINGS = {Tag.Kind.PERSON.value: "People"}


@require_safe
def home(request: HttpRequest, number: int = 1) -> HttpResponse:
    if moved := addresses.for_home(request):
        return moved
    posts = PostList.of_all(timezone.now())
    return _list_page(request, "posts/post_list.html", posts, number, {"base": "/"})


@require_safe
def post_detail(request: HttpRequest, slug: str) -> HttpResponse:
    post = get_object_or_404(Post.objects.published().for_page(), slug=slug)
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
def tag_list(request: HttpRequest) -> HttpResponse:
    tags = list(Tag.objects.public().order_by("name", "pk"))
    kinds = [
        {
            "label": KIND_HEADINGS.get(kind, f"{label}s"),
            "tags": [tag for tag in tags if tag.kind == kind],
        }
        for kind, label in Tag.Kind.choices
    ]
    return render(
        request, "posts/tag_list.html", {"kinds": [kind for kind in kinds if kind["tags"]]}
    )


@require_safe
def tag_detail(request: HttpRequest, slug: str, number: int = 1) -> HttpResponse:
    tag = Tag.objects.public().filter(slug=slug).first()
    if tag is None:
        return moved.tag(request, slug)
    asked = Question.from_request(request.GET)
    featured = [] if asked.query else list(Post.objects.published().featured_on(tag))
    # They stand above the list, on its first page, and not in it again.
    posts: Rows = PostList.of_tag(tag, timezone.now()).without(featured)
    if asked.query:
        posts = searching.within(Post.objects.published().tagged(tag), asked.query)
    context = {
        "base": tag.get_absolute_url(),
        "within": {"q": asked.query} if asked.query else None,
        "tag": tag,
        "introduction": tag.live_introduction(tag.post_count),
        "post_count": tag.post_count,
        "subtopics": list(tag.public_subtopics()),
        "featured": featured,
        "query": asked.query,
    }
    number = asked.page if asked.query else number
    return _list_page(request, "posts/tag_detail.html", posts, number, context)


@require_safe
def series_detail(request: HttpRequest, slug: str) -> HttpResponse:
    shown = get_object_or_404(Series.objects.public(), slug=slug)
    return render(request, "posts/series_detail.html", {"outline": series.outline(shown)})


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    asked = Question.from_request(request.GET)
    return render(request, "posts/search.html", answers.answer(asked))


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
    for post in context["page_obj"]:
        post.headline = mark(getattr(post, "headline", ""))
    context["post_count"] = context.get("post_count", context["page_obj"].paginator.count)
    return render(request, template, context)
