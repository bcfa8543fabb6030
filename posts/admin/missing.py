"""Addresses asked for in vain, and their mending with one click."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from posts import guesses, missing
from posts.admin.redirects import RedirectForm
from posts.models import MissingPage


class MissingPageList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Add to each row of this page the post it probably meant: two queries for them all."""
        super().get_results(request)
        found = guesses.suggestions([row.path for row in self.result_list])
        for row in self.result_list:
            row.suggested = found.get(row.path)


class Decided(admin.SimpleListFilter):
    title = "what to show"
    parameter_name = "show"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [("ours", "Linked from our own pages"), ("ignored", "Ignored")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            is_first = choice["display"] == "All"
            yield {**choice, "display": "Not decided"} if is_first else choice

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "ignored":
            return queryset.ignored()
        waiting = queryset.waiting()
        return waiting.exclude(linked_from="") if self.value() == "ours" else waiting


@admin.register(MissingPage)
class MissingPageAdmin(admin.ModelAdmin):
    list_display = ["address", "hits", "mend", "linked", "last_seen_at"]
    list_display_links = None
    list_filter = [Decided]
    list_per_page = 25
    search_fields = ["path"]
    actions = ["redirect_all", "gone_all", "ignore_all"]
    ordering = ["-hits", "-last_seen_at", "-pk"]

    def get_urls(self) -> list[URLPattern]:
        mend = self.admin_site.admin_view(require_POST(self.mend_view))
        return [path("<int:pk>/mend/", mend, name="posts_missingpage_mend"), *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MissingPageList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        missing.collector.write(timezone.now())  # What this process has not written yet.
        title = {"title": "Addresses asked for in vain, most wanted first"}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        may_mend = self.has_mend_permission(request)
        return [name for name in self.list_display if may_mend or name != "mend"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # It goes by itself; “Ignore” is what an editor means.

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_mend_permission(self, request: HttpRequest) -> bool:
        names = ("posts.add_redirect", "posts.change_missingpage")
        return request.user.is_active and all(request.user.has_perm(name) for name in names)

    def mend_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one decision: `post:<pk>`, `gone` or `ignore`."""
        if not self.has_mend_permission(request):
            raise PermissionDenied
        page = get_object_or_404(MissingPage, pk=pk)
        kind, _, post_pk = request.POST.get("answer", "").partition(":")
        if kind == "ignore":
            MissingPage.objects.filter(pk=pk).ignore(at=timezone.now())
            self.message_user(request, f"“{page}” is left out of this list from now on.")
        elif kind == "gone":
            self._answer(request, page, {"is_gone": "on"})
        else:
            self._answer(request, page, {"post": post_pk})
        return redirect("admin:posts_missingpage_changelist")

    def _answer(self, request: HttpRequest, page: MissingPage, answer: dict[str, Any]) -> bool:
        """Make the redirect, under the rules of its form; return whether they allowed it."""
        form = RedirectForm({"path": page.path, **answer})
        if not form.is_valid():
            reasons = " ".join(str(reason) for each in form.errors.values() for reason in each)
            self.message_user(request, f"“{page}”: {reasons}", messages.ERROR)
            return False
        made = form.save()
        self.log_addition(request, made, "From the missing pages.")
        MissingPage.objects.filter(path=page.path).delete()
        said = "answers 410 now: gone for good." if made.is_gone else f"leads to “{made.post}” now."
        self.message_user(request, f"“{page}” {said}", messages.SUCCESS)
        return True

    @admin.action(description="Redirect each to its suggested post", permissions=["mend"])
    def redirect_all(self, request: HttpRequest, queryset: QuerySet[MissingPage]) -> None:
        pages = list(queryset)
        found = guesses.suggestions([page.path for page in pages])
        for page in pages:
            if post := found.get(page.path):
                self._answer(request, page, {"post": post.pk})
            else:
                self.message_user(request, f"No post is like “{page}”.", messages.WARNING)

    @admin.action(description="Answer “gone for good” (410)", permissions=["mend"])
    def gone_all(self, request: HttpRequest, queryset: QuerySet[MissingPage]) -> None:
        for page in queryset:
            self._answer(request, page, {"is_gone": "on"})

    @admin.action(description="Ignore", permissions=["mend"])
    def ignore_all(self, request: HttpRequest, queryset: Any) -> None:
        done = queryset.ignore(at=timezone.now())
        self.message_user(request, f"{done} addresses are left out of this list from now on.")

    @admin.display(description="address", ordering="path")
    def address(self, page: MissingPage) -> SafeString:
        return format_html('<a href="{0}">{0}</a>', page.path)

    @admin.display(description="linked from", ordering="linked_from")
    def linked(self, page: MissingPage) -> SafeString | str:
        if not page.linked_from:
            return "–"
        return format_html('<a href="{0}">{0}</a>', page.linked_from)

    @admin.display(description="mend")
    def mend(self, page: Any) -> str:
        context = {
            "page": page,
            "url": reverse("admin:posts_missingpage_mend", args=[page.pk]),
            "add_url": reverse("admin:posts_redirect_add"),
        }
        return render_to_string("admin/posts/missingpage/_mend.html", context)
