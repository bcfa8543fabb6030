"""The export of subscribers by a button: the command's file, sent as it is written."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone

from subscriptions import exporting
from subscriptions.models import Subscriber


def export_view(request: HttpRequest, model_admin: Any) -> HttpResponseBase:
    """Say what the file holds; POST sends it, and leaves a line in the log of who took it."""
    if not model_admin.has_export_permission(request):
        raise PermissionDenied
    if request.method == "POST":
        _log(request)
        return _download()
    return _page(request, model_admin)


def _page(request: HttpRequest, model_admin: Any) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": "Export subscribers", "opts": model_admin.model._meta,
        "count": Subscriber.objects.exclude(email="").count(),
    }  # fmt: skip
    return TemplateResponse(request, "admin/subscriptions/subscriber/export.html", context)


def _download() -> StreamingHttpResponse:
    response = StreamingHttpResponse(_lines(), content_type="text/csv; charset=utf-8")
    name = f"subscribers-{timezone.localdate():%Y-%m-%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


class _Lines(list[str]):
    """A file of which only what was just written is kept."""

    def write(self, text: str) -> int:
        self.append(text)
        return len(text)


def _lines() -> Iterator[str]:
    lines: Any = _Lines()
    for _ in exporting.write(lines):
        if len(lines) >= exporting.AT_ONCE:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def _log(request: HttpRequest) -> None:
    LogEntry.objects.create(
        user_id=request.user.pk or 0, action_flag=CHANGE, object_repr="All subscribers",
        content_type=ContentType.objects.get_for_model(Subscriber),
        change_message="Exported to a CSV file.",
    )  # fmt: skip
