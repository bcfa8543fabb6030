"""Links of public posts that lead readers to no post: what was withdrawn, deleted, never there."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from posts.admin.permissions import may_publish
from posts.models import Citation, Post


class WhatBecameOfIt(admin.SimpleListFilter):
    title = "the post linked to"
    parameter_name = "target"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("withdrawn", "Withdrawn"), ("unfinished", "Not public yet"), ("none", "Not there")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Citation]) -> QuerySet[Citation]:
        if self.value() == "none":
            return queryset.filter(target=None)
        if self.value() == "withdrawn":
            return queryset.filter(target__in=Post.objects.withdrawn())
        if self.value() == "unfinished":
            return queryset.filter(target__isnull=False).exclude(
                target__in=Post.objects.withdrawn()
            )
        return queryset


@admin.register(Citation)
class CitationAdmin(admin.ModelAdmin):
    """A list to be worked off: a link leaves it by itself when it leads somewhere again."""

    list_display = ["citing", "linked_words", "leads_to", "since", "mend"]
    list_display_links = None
    list_filter = [WhatBecameOfIt]
    list_per_page = 50
    search_fields = ["post__title", "target__title", "path", "words"]

    def get_urls(self) -> list[URLPattern]:
        return [url for url in super().get_urls() if url.name == "posts_citation_changelist"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Citation]:
        return Citation.objects.dead(timezone.now()).for_report()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        title = {"title": "Links to posts that are not public"}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_publish(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_publish(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None  # With its post: whoever may delete that.

    @admin.display(description="public post", ordering="post__title")
    def citing(self, link: Citation) -> SafeString:
        return format_html('<a href="{}">{}</a>', link.post.get_absolute_url(), link.post)

    @admin.display(description="words of the link", ordering="words", empty_value="–")
    def linked_words(self, link: Citation) -> str:
        return link.words

    @admin.display(description="leads to", ordering="path")
    def leads_to(self, link: Any) -> SafeString:
        if link.target is None:
            said = "deleted" if link.gone_at else "no such post"
            return format_html('{} <span class="chip">{}</span>', link.path, said)
        post: Post = link.target
        said = "Scheduled" if post.is_scheduled() else post.get_status_display()
        url = reverse("admin:posts_post_change", args=[post.pk])
        return format_html('<a href="{}">{}</a> <span class="chip">{}</span>', url, post, said)

    @admin.display(description="since", ordering="gone_at", empty_value="never public")
    def since(self, link: Any) -> Any:
        return link.gone_at

    @admin.display(description="")
    def mend(self, link: Citation) -> SafeString:
        url = reverse("admin:posts_post_change", args=[link.post_id])
        return format_html('<a class="button" href="{}">Edit the post</a>', url)
