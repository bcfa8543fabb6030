"""Is the process alive, and is the site ready to serve?"""

from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from pbrsite.database.server import EmbeddedPostgresError

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
    except (DatabaseError, EmbeddedPostgresError):
        pass
    return JsonResponse(state, status=200 if all(state.values()) else 503)


def _worker_is_alive() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
        (beat,) = cursor.fetchone()
    return beat is not None and timezone.now() - beat < HEARTBEAT
