"""Authors and series."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from posts.models import AnnouncedPart, Author, Series


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    list_display = ["name", "role", "user", "posts_written"]
    list_select_related = ["user"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["user"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Author]:
        return Author.objects.annotate(posts_written=Count("posts")).order_by("name", "pk")

    def save_model(self, request: HttpRequest, obj: Author, form: Any, change: bool) -> None:
        """Save; search finds the posts by a new name at once."""
        super().save_model(request, obj, form, change)
        if change and "name" in form.changed_data:
            obj.reindex_posts()

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
