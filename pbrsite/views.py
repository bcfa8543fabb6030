"""Health, uploaded images, and the pages for when something is wrong."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.static import serve

HEARTBEAT = timedelta(minutes=1)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers, nothing more."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether database, migrations and worker are fit to serve: 200, or else 503."""
    state = {"database": False, "migrations": False, "worker": False}
    try:
        executor = MigrationExecutor(connection)
        state["database"] = True
        state["migrations"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        state["worker"] = state["migrations"] and _worker_is_alive()
    except DatabaseError:
        pass
    return JsonResponse(state, status=200 if all(state.values()) else 503)


def _worker_is_alive() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
        (beat,) = cursor.fetchone()
    return beat is not None and timezone.now() - beat < HEARTBEAT


@require_safe
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """Send an uploaded image. A file's name never gets another content, so it may be kept."""
    response: FileResponse | HttpResponseBase = serve(request, path, settings.MEDIA_ROOT)
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer without the database and without context processors: either may be what broke."""
    context: dict[str, Any] = {"SITE_NAME": settings.SITE_NAME, "SITE_URL": settings.SITE_URL}
    return HttpResponse(render_to_string("500.html", context), status=500)
