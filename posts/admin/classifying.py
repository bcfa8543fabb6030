"""Tags with their topic pages, authors, series."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from js_asset.media import Media

from posts.models import (
    AnnouncedPart,
    Author,
    Series,
    Tag,
    TagAlias,
)


class TagAliasInline(admin.TabularInline):
    model = TagAlias
    extra = 0


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "post_count", "is_in_navigation"]
    list_filter = ["kind", "is_in_navigation"]
    search_fields = ["name", "slug", "aliases__name"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["subtopics"]
    inlines = [TagAliasInline]
    fieldsets = [
        (None, {"fields": ["name", "slug", "kind", "description"]}),
        ("Topic page", {"fields": ["heading", "introduction", "subtopics", "is_in_navigation"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return Tag.objects.with_post_count().order_by("name", "pk")

    @admin.display(description="public posts", ordering="post_count")
    def post_count(self, tag: Any) -> int:
        return int(tag.post_count)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        nonce = str(request.csp_nonce)  # type: ignore[attr-defined]
        context["media"] = Media(nonce=nonce) + context["media"]
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A new name or alias is found by search at once."""
        super().save_related(request, form, formsets, change)
        form.instance.reindex_posts()


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    list_display = ["name", "role", "user", "posts_written"]
    list_select_related = ["user"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["user"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Author]:
        return Author.objects.annotate(posts_written=Count("posts")).order_by("name", "pk")

    @admin.display(description="posts", ordering="posts_written")
    def posts_written(self, author: Any) -> int:
        return int(author.posts_written)


class AnnouncedPartInline(admin.TabularInline):
    model = AnnouncedPart
    extra = 0


@admin.register(Series)
class SeriesAdmin(admin.ModelAdmin):
    list_display = ["title", "posts_written", "planned_parts"]
    search_fields = ["title", "slug"]
    prepopulated_fields = {"slug": ["title"]}
    inlines = [AnnouncedPartInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Series]:
        return Series.objects.annotate(posts_written=Count("posts")).order_by("title", "pk")

    @admin.display(description="posts", ordering="posts_written")
    def posts_written(self, series: Any) -> int:
        return int(series.posts_written)
