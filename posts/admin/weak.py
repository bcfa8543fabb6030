"""Posts with weak relatives: the list of posts, narrowed to those beside which little fits."""

from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from posts.admin.filters import MostUsed
from posts.models import Post, PostQuerySet, RelatedPost, Tag

KEY = "match"
COLUMNS = ["title", "topic", "published_at", "best_score", "best_match", "choose"]


class WeakFilter(admin.SimpleListFilter):
    title = "related posts"
    parameter_name = KEY

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("weak", "Weak or none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> QuerySet[Post]:
        if self.value() != "weak" or not isinstance(queryset, PostQuerySet):
            return queryset
        stored = RelatedPost.objects.select_related("related").order_by("-score", "position").only(
            "post", "score", "position", "reason", "related__title", "related__status",
            "related__published_at",
        )  # fmt: skip
        weak: PostQuerySet = queryset.weakly_related(timezone.now())
        return weak.prefetch_related(Prefetch("relatives", stored, to_attr="stored"))


class TagFilter(MostUsed):
    title = "tag"
    parameter_name = "tag"
    model, relation = Tag, "tagged_posts"
    lookup = "tagged_posts__tag"


class WeakMatches(admin.ModelAdmin):
    """The part of the posts' admin that says of each such post what stands best beside it."""

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters = [*super().get_list_filter(request), WeakFilter]
        return [*filters, TagFilter] if is_weak_list(request) else filters

    def get_list_display(self, request: HttpRequest) -> Any:
        return COLUMNS if is_weak_list(request) else super().get_list_display(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        title = {"title": "Posts with weak relatives"} if is_weak_list(request) else {}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    @admin.display(description="best score", ordering="best_score", empty_value="none")
    def best_score(self, post: Any) -> str | None:
        return None if post.best_score is None else f"{post.best_score:.2f}"

    @admin.display(description="what stands best beside it, and why")
    def best_match(self, post: Any) -> SafeString:
        row = next((row for row in post.stored if row.related.is_published()), None)
        if row is None:
            said = "Nothing has a tag or a telling word in common with it."
            said = said if post.related_at else "Its list is not computed yet."
            return format_html('<span class="quiet">{}</span>', said)
        return format_html('{}<br><span class="quiet">{}</span>', row.related, row.explanation)

    @admin.display(description="")
    def choose(self, post: Post) -> SafeString:
        url = reverse("admin:posts_post_change", args=[post.pk])
        return format_html('<a class="button" href="{}#relatives">Choose</a>', url)


def is_weak_list(request: HttpRequest) -> bool:
    return request.GET.get(KEY) == "weak"
