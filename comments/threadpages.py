"""The pages of a post's comments beside its own: later threads, one whole thread, one comment."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from comments import closing, threads
from comments.models import Comment
from posts.models import Post


@require_safe
def comment(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Lead to where a public comment stands now: on the post's page, or in its thread's.

    The redirect is temporary, since a thread moves when another one before it goes.
    """
    said = _public(slug, public_id)
    if threads.page(said.post_id, slug).holds(public_id):
        return HttpResponseRedirect(f"{said.post.get_absolute_url()}#{said.anchor}")
    return HttpResponseRedirect(f"{_thread_url(said)}#{said.anchor}")


@require_safe
def thread(request: HttpRequest, slug: str, public_id: str, number: str = "1") -> HttpResponse:
    """Show a comment with what is said below it; an answer leads to the thread it is in.

    What began it may be gone while answers remain: then a tombstone heads the page.
    """
    root = _commented(slug, public_id)
    if root.parent_id is not None:
        return HttpResponseRedirect(f"{_thread_url(root)}#{root.anchor}")
    here = int(number)
    part = threads.part(root, here)
    if not part.rows:
        raise Http404("There is no such thread.")
    context = {
        "root": root,
        "rows": part.rows,
        "number": here,
        "pages": part.parts,
        "previous_url": _part_url(root, here - 1) if here > 1 else "",
        "next_url": _part_url(root, here + 1) if here < part.parts else "",
    }
    return _page(request, "thread_detail", root.post, **context)


@require_safe
def thread_list(request: HttpRequest, slug: str, number: str) -> HttpResponse:
    """Show the fifty threads of that page; the first page is the post's own."""
    post = get_object_or_404(Post.objects.published(), slug=slug)
    first, here = f"{post.get_absolute_url()}#comments", int(number)
    if here == 1:
        return HttpResponseRedirect(first)
    page = threads.page(post.pk, slug, here)
    if not page.rows:
        raise Http404("There is no such page of comments.")
    context = {
        "rows": page.rows,
        "count": page.total,
        "number": here,
        "pages": -(-threads.count(post.pk) // threads.PER_PAGE),
        "previous_url": first if here == 2 else _list_url(slug, here - 1),
        "next_url": _list_url(slug, here + 1) if page.has_more else "",
    }
    return _page(request, "thread_list", post, **context)


def _public(slug: str, public_id: str) -> Comment:
    said = _commented(slug, public_id)
    if not said.is_public:
        raise Http404("There is no such comment.")
    return said


def _commented(slug: str, public_id: str) -> Comment:
    posts = Post.objects.published()
    comments = Comment.objects.select_related("post", "parent__parent").defer(
        "body", "post__body", "post__body_html", "post__plain_text", "post__contents"
    )
    return get_object_or_404(comments, post__in=posts, post__slug=slug, public_id=public_id)


def _thread_url(said: Comment) -> str:
    root = said
    while root.parent is not None:
        root = root.parent
    return _part_url(root, threads.part_of(root, said), slug=said.post.slug)


def _part_url(root: Comment, number: int, *, slug: str = "") -> str:
    where = [slug or root.post.slug, root.public_id]
    return reverse("comments:thread", args=where if number == 1 else [*where, number])


def _list_url(slug: str, number: int) -> str:
    return reverse("comments:thread_list", args=[slug, number])


def _page(request: HttpRequest, name: str, post: Post, **context: Any) -> HttpResponse:
    """Render a page that readers find and search engines leave out: the post is what they show."""
    is_open = closing.is_open(post, timezone.now())
    context |= {
        "post": post,
        "post_url": settings.SITE_URL + post.get_absolute_url(),
        "answer_url": reverse("comments:create", args=[post.slug]) if is_open else "",
    }
    response = render(request, f"comments/{name}.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response
