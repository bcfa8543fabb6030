"""Searches that found nothing, and their mending: another name of a tag, or out of the list."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from posts.admin.widgets import KnownSelect
from posts.models import Post, SearchMiss, Tag, TagAlias
from posts.tagnames import Alikeness, known_names


class SearchMissList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Add to each row of this page the tag it may mean: one query for them all."""
        super().get_results(request)
        known = Alikeness(known_names())
        for row in self.result_list:
            row.like = known.nearest(row.query) or known.nearest(row.best_guess)


class Decided(admin.SimpleListFilter):
    title = "what to show"
    parameter_name = "show"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [("new", "New this week"), ("dismissed", "Dismissed")]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            is_first = choice["display"] == "All"
            yield {**choice, "display": "Not decided"} if is_first else choice

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "dismissed":
            return queryset.dismissed()
        return queryset.new(timezone.now()) if self.value() == "new" else queryset.waiting()


class NameForm(forms.Form):
    """The tag that the words searched for are another name of."""

    tag = forms.ModelChoiceField(
        queryset=Tag.objects.all(),
        error_messages={"required": "Choose the tag these words mean."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tag = self.fields["tag"]
        tag.widget = KnownSelect(Post._meta.get_field("topic"), admin.site)
        tag.widget.choices = tag.choices  # type: ignore[attr-defined]


@admin.register(SearchMiss)
class SearchMissAdmin(admin.ModelAdmin):
    list_display = ["words", "hits", "mend", "first_seen_at", "last_seen_at"]
    list_display_links = None
    list_filter = [Decided]
    list_per_page = 25
    search_fields = ["query"]
    search_help_text = "Part of what was searched for."
    actions = ["dismiss_all", "bring_back_all"]
    ordering = ["-hits", "-last_seen_at", "-pk"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        mine = [
            path("<int:pk>/name/", view(self.name_view), name="posts_searchmiss_name"),
            path("<int:pk>/dismiss/", view(require_POST(self.dismiss_view)),
                 name="posts_searchmiss_dismiss"),
        ]  # fmt: skip
        return [*mine, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SearchMissList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        title = {"title": "Searches that found nothing, most wanted first"}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        may_mend = self.has_mend_permission(request)
        return [name for name in self.list_display if may_mend or name != "mend"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # It goes by itself; “Dismiss” is what an editor means.

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_mend_permission(self, request: HttpRequest) -> bool:
        names = ("posts.change_tag", "posts.change_searchmiss")
        return request.user.is_active and all(request.user.has_perm(name) for name in names)

    def name_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask which tag the words mean, and make them another name of it on POST."""
        if not self.has_mend_permission(request):
            raise PermissionDenied
        miss = get_object_or_404(SearchMiss, pk=pk)
        form = NameForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                return self._named(request, miss, form.cleaned_data["tag"])
            except ValidationError as error:
                form.add_error("tag", error.messages)
        context = {
            **self.admin_site.each_context(request), "title": f"What does “{miss}” mean?",
            "opts": self.opts, "form": form, "miss": miss, "media": self.media + form.media,
            "search_url": _search_url(miss),
        }  # fmt: skip
        return TemplateResponse(request, "admin/posts/searchmiss/name.html", context)

    def _named(self, request: HttpRequest, miss: SearchMiss, tag: Tag) -> HttpResponse:
        """Make the words another name of the tag; raises ValidationError where they are taken."""
        alias = TagAlias(tag=tag, name=miss.query)
        alias.full_clean()
        with transaction.atomic():
            alias.save()
            tag.reindex_posts()
            miss.delete()
        self.log_change(request, tag, f"Other name “{alias}”, from the searches without result.")
        said = format_html(
            "“{}” finds the posts of “{}” now. {}", alias.name, tag.name,
            format_html('<a href="{}">Look</a>', _search_url(miss)),
        )  # fmt: skip
        self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:posts_searchmiss_changelist")

    def dismiss_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_mend_permission(request):
            raise PermissionDenied
        miss = get_object_or_404(SearchMiss, pk=pk)
        SearchMiss.objects.filter(pk=pk).dismiss(at=timezone.now())
        self.message_user(request, f"“{miss}” is left out of this list from now on.")
        return redirect("admin:posts_searchmiss_changelist")

    @admin.action(description="Dismiss", permissions=["mend"])
    def dismiss_all(self, request: HttpRequest, queryset: Any) -> None:
        done = queryset.dismiss(at=timezone.now())
        self.message_user(request, f"{done} searches are left out of this list from now on.")

    @admin.action(description="Bring back", permissions=["mend"])
    def bring_back_all(self, request: HttpRequest, queryset: Any) -> None:
        self.message_user(request, f"{queryset.bring_back()} searches are in the list again.")

    @admin.display(description="searched for", ordering="query")
    def words(self, miss: SearchMiss) -> SafeString:
        return format_html('<a href="{}">{}</a>', _search_url(miss), miss.query)

    @admin.display(description="what to do")
    def mend(self, miss: Any) -> str:
        context = {
            "miss": miss,
            "name_url": reverse("admin:posts_searchmiss_name", args=[miss.pk]),
            "dismiss_url": reverse("admin:posts_searchmiss_dismiss", args=[miss.pk]),
        }
        return render_to_string("admin/posts/searchmiss/_mend.html", context)


def _search_url(miss: SearchMiss) -> str:
    return f"{reverse('posts:search')}?{urlencode({'q': miss.query})}"
