"""`/p/<number>`: an address of a post that never changes, and its citation as a file."""

from dataclasses import replace

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from posts import addresses, bibliography
from posts.models import Post


@require_safe
def lead(request: HttpRequest, number: str) -> HttpResponse:
    """Lead to the public post of that number; 410 when it was withdrawn, 404 for any other.

    A draft's answer is that of a number nobody has: its address is told to nobody.
    """
    found = addresses.of_number(int(number))
    if found is None:
        raise Http404("No public post has this number.")
    return addresses.respond(request, found)


@require_safe
def bibtex(request: HttpRequest, number: str) -> HttpResponse:
    return _cite(request, number, "bib", "application/x-bibtex; charset=utf-8")


@require_safe
def ris(request: HttpRequest, number: str) -> HttpResponse:
    return _cite(request, number, "ris", "application/x-research-info-systems; charset=utf-8")


def _cite(request: HttpRequest, number: str, ending: str, kind: str) -> HttpResponse:
    """Return the post's citation as a file to save; two queries."""
    post = Post.objects.published().for_page().filter(pk=int(number)).first()
    if post is None:
        return lead(request, number)
    topics = tuple(sorted(tag.name for tag in post.tags.all()))
    reference = replace(bibliography.reference(post, timezone.now()), topics=topics)
    text = reference.bibtex() if ending == "bib" else reference.ris()
    return HttpResponse(
        text,
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{post.slug}.{ending}"',
            "X-Robots-Tag": "noindex",
        },
    )
