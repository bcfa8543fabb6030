"""Taking posts off the site: asked first, whether by the form's button or for many at once."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from pbrsite.numbers import row_number
from posts import citations
from posts.admin.bulk import BulkPublishing
from posts.admin.drafts import is_own_page, keep
from posts.admin.permissions import may_publish
from posts.models import Post

CONFIRMED = "_confirmed"
TEMPLATE = "admin/posts/post/withdraw.html"


class Withdrawing(BulkPublishing):
    """The part of the posts' admin that asks before readers lose a post."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if "_withdraw" in request.POST and CONFIRMED not in request.POST and object_id:
            post = Post.objects.filter(pk=object_id).first() if object_id.isdigit() else None
            if post and self._may_withdraw(request, post):
                return self._ask_in_form(request, post)
        return super().changeform_view(request, object_id, *args, **kwargs)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, and say which links of public posts would lead nowhere."""
        posts = Post.objects.published().filter(pk=row_number(object_id) or 0).only("pk")
        linked = [post for some in citations.cited_from(posts, timezone.now()).values()
                  for post in some]  # fmt: skip
        return super().delete_view(request, object_id, {"linked": linked, **(extra_context or {})})

    def _may_withdraw(self, request: HttpRequest, post: Post) -> bool:
        may = may_publish(request) and self.has_change_permission(request, post)
        return may and is_own_page(request) and post.is_published()

    def _ask_in_form(self, request: HttpRequest, post: Post) -> HttpResponse:
        """Ask, and carry what was typed: it is saved on a yes, and a working copy on a no."""
        sent = request.POST.copy()
        sent.pop("csrfmiddlewaretoken", None)
        sent["form_key"] = keep(request, post).key
        context = {
            "public": [post],
            "sent": [(name, value) for name, values in sent.lists() for value in values],
            "way_back": request.get_full_path(),
            "is_form": True,
        }
        return self._ask(request, context)

    @admin.action(description="Withdraw the selected posts…", permissions=["publish"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Post]) -> HttpResponse | None:
        now = timezone.now()
        posts = list(queryset)
        public = [post for post in posts if post.is_published(now)]
        scheduled = [post for post in posts if post.is_scheduled(now)]
        if CONFIRMED not in request.POST and (public or scheduled):
            pks = request.POST.getlist(ACTION_CHECKBOX_NAME)
            sent = [("action", "withdraw"), *((ACTION_CHECKBOX_NAME, pk) for pk in pks)]
            sent.append(("select_across", request.POST.get("select_across", "0")))
            context = {
                "public": public,
                "scheduled": scheduled,
                "left": len(posts) - len(public) - len(scheduled),
                "sent": sent,
                "way_back": request.get_full_path(),
            }
            return self._ask(request, context)
        super().withdraw(request, queryset)
        return None

    def _ask(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        site = self.admin_site.each_context(request)
        now = timezone.now()
        linked = citations.cited_from(context["public"], now)
        context["public"] = [(post, linked.get(post.pk, [])) for post in context["public"]]
        whole = {**site, "title": "Withdraw", "opts": self.opts, "confirmed": CONFIRMED, **context}
        return TemplateResponse(request, TEMPLATE, whole)
