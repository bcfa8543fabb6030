"""The admin site: its name, and the editorial desk on its index page."""

from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from pbrsite import mailbox, noonline
from pbrsite.desk import desk_for
from pbrsite.numbers import row_number
from posts.models import Post

ROOMS = {"posts": 0, "comments": 1, "subscriptions": 2, "auth": 3}


class Desk(AdminSite):
    site_header = settings.SITE_NAME
    site_title = f"{settings.SITE_NAME} admin"
    index_title = "Editorial desk"
    enable_nav_sidebar = False  # The lists and the writing form want the width.

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        apps = self.get_app_list(request)
        context = {
            "desk": desk_for(request.user, timezone.now()),
            "app_list": [app for app in apps if app["app_label"] in ROOMS],
            "machinery": [app for app in apps if app["app_label"] not in ROOMS],
        }
        return super().index(request, {**context, **(extra_context or {})})

    def noon_line(self, request: HttpRequest) -> HttpResponse:
        return noonline.noon_line(request, self.get_model_admin(Post))

    def get_urls(self) -> list[Any]:
        shortcut_view = self.admin_view(self.view_on_site)
        mine = [
            path("mail/", self.admin_view(mailbox.mailbox), name="mail"),
            path("mail/<str:name>", self.admin_view(mailbox.message), name="mail_message"),
            path("noon-line/", self.admin_view(self.noon_line), name="noon_line"),
            path("r/<path:content_type_id>/<path:object_id>/", shortcut_view, name="view_on_site"),
        ]
        return mine + super().get_urls()

    def view_on_site(
        self, request: HttpRequest, content_type_id: str, object_id: str
    ) -> HttpResponse:
        """Lead to the public page of a row this person may see; else the address tells nothing."""
        model = get_object_or_404(ContentType, pk=row_number(content_type_id)).model_class()
        admin = self._registry.get(model) if model else None
        row = admin.get_object(request, object_id) if admin else None
        if admin is None or row is None or not admin.has_view_permission(request, row):
            raise Http404("Nothing of that number is here.")
        if isinstance(row, Post) and not row.is_published():
            raise Http404("This post is not public.")
        return shortcut(request, content_type_id, object_id)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Refuse a NUL, which Postgres cannot compare and Django would pass on."""
        if "\x00" in request.GET.get("term", ""):
            return HttpResponseBadRequest("The search holds a character that no text has.")
        return super().autocomplete_view(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the rooms' own tables first; the machinery's last, taggit's unused one never."""
        apps = super().get_app_list(request, app_label)
        shown = [app for app in apps if app["app_label"] != "taggit"]
        return sorted(shown, key=lambda app: ROOMS.get(app["app_label"], len(ROOMS)))
