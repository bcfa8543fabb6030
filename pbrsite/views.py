"""Uploaded images, and the pages for when something is wrong."""

from typing import Any

from django.conf import settings
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotFound,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.static import serve

from posts import addresses, guesses, missing, permalinks
from posts import media as library


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Send an image to those who may see it. A name never gets another content: it may be kept."""
    found = library.find(path, library.Visitor.of(request, timezone.now()))
    if found is None:
        return _no_image()
    if found.moved_to:
        response: HttpResponseBase = HttpResponseRedirect(found.moved_to)
    else:
        try:
            response = serve(request, found.name, settings.MEDIA_ROOT)
        except Http404:  # The row is there and its file is not: a backup without media, say.
            return _no_image()
    if found.content_type and response.status_code == 200:
        response["Content-Type"] = found.content_type
    response["Cache-Control"] = found.cache_control
    return response


def _no_image() -> HttpResponse:
    """Answer in a line: a whole page, with its queries, is of no use inside an image."""
    return HttpResponseNotFound("There is no such image.\n", content_type="text/plain")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Ask the posts room whether something was here before; nothing else does, and only now."""
    moved = addresses.answer(request)
    if moved is not None:
        return moved
    path, context = request.path_info, {}
    will_get_slash = not path.endswith("/") and is_valid_path(f"{path}/")
    if request.method in {"GET", "HEAD"} and not permalinks.is_closed(path) and not will_get_slash:
        missing.note(request, now=timezone.now())
        context = {"words": guesses.words_of(path), "meant": guesses.did_you_mean(path)}
    return render(request, "404.html", context, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer without the database and without context processors: either may be what broke."""
    context: dict[str, Any] = {"SITE_NAME": settings.SITE_NAME, "SITE_URL": settings.SITE_URL}
    return HttpResponse(render_to_string("500.html", context), status=500)
