"""Merging tags: the page that shows what would change, and the log from which it is undone."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from pbrsite.numbers import row_numbers
from posts import merging, undoing
from posts.admin.tagforms import MergeForm
from posts.models import Tag, TagChange

MEANWHILE = "Somebody changed the same tags at this moment, so nothing was done. Look again."


def may_merge(request: HttpRequest) -> bool:
    """Return whether this person may merge tags and undo it: it changes some and deletes some."""
    return request.user.has_perms(["posts.change_tag", "posts.delete_tag"])


class TagMerging(admin.ModelAdmin):
    """The part of the tags' admin that merges them."""

    actions = ["merge_selected"]

    def get_urls(self) -> list[Any]:
        merge = path("merge/", self.admin_site.admin_view(self.merge), name="posts_tag_merge")
        return [merge, *super().get_urls()]

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return may_merge(request)

    @admin.action(description="Merge the selected tags…", permissions=["merge"])
    def merge_selected(self, request: HttpRequest, queryset: QuerySet[Tag]) -> HttpResponse | None:
        pks = list(queryset.order_by("name", "pk").values_list("pk", flat=True)[: merging.MOST + 1])
        if len(pks) > merging.MOST:
            said = f"These are too many for one merge. Choose at most {merging.MOST}."
            self.message_user(request, said, messages.WARNING)
            return None
        chosen = QueryDict(mutable=True)
        chosen.setlist("tags", [str(pk) for pk in pks])
        return HttpResponseRedirect(f"{reverse('admin:posts_tag_merge')}?{chosen.urlencode()}")

    def merge(self, request: HttpRequest) -> HttpResponse:
        """Ask for the tag that stays, show what would change, and do it on POST."""
        if not may_merge(request):
            raise PermissionDenied
        given = request.POST if request.method == "POST" else request.GET
        is_asked = "into" in given
        form = MergeForm(given if is_asked else None, initial={"tags": given.getlist("tags")})
        plan = merging.plan(form.cleaned_data["into"], form.cleaned_data["tags"]) if (
            is_asked and form.is_valid()
        ) else None  # fmt: skip
        if request.method == "POST" and plan and not plan.obstacles:
            return self._merged(request, plan)
        chosen = Tag.objects.filter(pk__in=row_numbers(given.getlist("tags")))
        context = {
            **self.admin_site.each_context(request), "title": "Merge tags", "opts": self.opts,
            "form": form, "plan": plan, "chosen": chosen, "media": self.media + form.media,
        }  # fmt: skip
        return TemplateResponse(request, "admin/posts/tag/merge.html", context)

    def _merged(self, request: HttpRequest, plan: merging.Plan) -> HttpResponse:
        try:
            change = merging.merge(
                plan.target,
                plan.sources,
                by=request.user,  # type: ignore[arg-type]  # The admin lets nobody else in.
                at=timezone.now(),
            )
        except merging.CannotMergeError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:posts_tag_changelist"))
        except IntegrityError:
            self.message_user(request, MEANWHILE, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        self.log_change(request, plan.target, f"Merged {change.summary}.")
        self.message_user(request, f"Merged {change.summary}.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:posts_tagchange_change", args=[change.pk]))


class UndoneFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("standing", "Standing"), ("undone", "Undone")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() in {"standing", "undone"}:
            return queryset.filter(undone_at__isnull=self.value() == "standing")
        return queryset


@admin.register(TagChange)
class TagChangeAdmin(admin.ModelAdmin):
    """The log of merges and renames; nothing in it is edited, and each can be undone."""

    change_form_template = "admin/posts/tagchange/change_form.html"
    list_display = ["what", "made_at", "made_by", "undone_at"]
    list_filter = ["kind", UndoneFilter]
    list_select_related = ["made_by"]
    search_fields = ["summary"]
    search_help_text = "Part of a tag's name, old or new."
    date_hierarchy = "made_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TagChange]:
        return TagChange.objects.defer("data").order_by("-made_at", "-pk")

    def get_urls(self) -> list[Any]:
        undo = path("<int:pk>/undo/", self.admin_site.admin_view(self.undo),
                    name="posts_tagchange_undo")  # fmt: skip
        return [undo, *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: TagChange | None = None) -> Any:
        undone = ["undone_at", "undone_by", "remarks"] if obj and obj.undone_at else []
        return ["what", "made_at", "made_by", *undone]

    @admin.display(description="what", ordering="summary")
    def what(self, change: TagChange) -> str:
        return f"{change.get_kind_display()} {change.summary}"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: TagChange | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: TagChange | None = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: TagChange | None = None) -> bool:
        return super().has_view_permission(request, obj) or may_merge(request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        change = context["original"]
        context["can_undo"] = may_merge(request) and not change.undone_at
        context["tag"] = Tag.objects.filter(pk=change.tag_pk).first()
        return super().render_change_form(request, context, *args, **kwargs)

    def undo(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what undoing would bring back and what it would leave, and do it on POST."""
        if not may_merge(request):
            raise PermissionDenied
        change = get_object_or_404(TagChange, pk=pk)
        if request.method == "POST":
            return self._undone(request, change)
        context = {
            **self.admin_site.each_context(request), "title": "Undo", "opts": self.opts,
            "original": change, "outlook": undoing.outlook(change), "media": self.media,
        }  # fmt: skip
        return TemplateResponse(request, "admin/posts/tagchange/undo.html", context)

    def _undone(self, request: HttpRequest, change: TagChange) -> HttpResponse:
        back = HttpResponseRedirect(reverse("admin:posts_tagchange_change", args=[change.pk]))
        try:
            remarks = undoing.undo(change, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        except undoing.CannotUndoError as error:
            self.message_user(request, str(error), messages.ERROR)
            return back
        except IntegrityError:
            self.message_user(request, MEANWHILE, messages.ERROR)
            return back
        said = " ".join(["Undone.", *remarks])
        self.message_user(request, said, messages.WARNING if remarks else messages.SUCCESS)
        return back
