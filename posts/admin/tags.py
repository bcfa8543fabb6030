"""Tags with their other names and topic pages."""

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from js_asset.media import Media

from posts import merging
from posts.admin.merging import TagMerging
from posts.admin.tagforms import TagAliasFormSet, TagForm
from posts.models import FeaturedPost, Tag, TagAlias
from posts.querysets import FEATURED
from posts.tagnames import Alikeness, Name, alike_of_each, known_names


class TagAliasInline(admin.TabularInline):
    model = TagAlias
    formset = TagAliasFormSet
    extra = 0
    verbose_name = "other name"
    verbose_name_plural = "other names, found by search and by the suggestions"


class FeaturedPostInline(admin.TabularInline):
    model = FeaturedPost
    extra = 0
    max_num = FEATURED
    autocomplete_fields = ["post"]
    verbose_name_plural = "featured posts, above the list of the topic page (public ones are shown)"


class PostsFilter(admin.SimpleListFilter):
    title = "posts"
    parameter_name = "posts"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("none", "Without any post"), ("hidden", "Without a public post")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "none":
            return queryset.filter(tagged_posts=None)
        if self.value() == "hidden":
            return queryset.exclude(pk__in=Tag.objects.public().values("pk"))
        return queryset


class TagList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        """Find, for the tags of this page only, others that are called nearly the same."""
        super().get_results(request)
        tags: Any = list(self.result_list)
        alike = alike_of_each(tags)
        for tag in tags:
            tag.alike = alike.get(tag.pk)
        self.result_list = tags


@admin.register(Tag)
class TagAdmin(TagMerging, admin.ModelAdmin):
    form = TagForm
    change_form_template = "admin/posts/tag/change_form.html"
    list_display = ["name", "other_names", "kind", "post_count", "is_in_navigation", "looks_like"]
    list_filter = ["kind", PostsFilter, "is_in_navigation"]
    search_fields = ["name", "slug", "aliases__name"]
    search_help_text = "Part of a name, another name or the address."
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["subtopics"]
    inlines = [TagAliasInline, FeaturedPostInline]
    fieldsets = [
        (None, {"fields": ["name", "slug", "kind", "description"]}),
        ("Topic page", {"fields": ["heading", "introduction", "subtopics", "is_in_navigation"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        tags = Tag.objects.order_by("name", "pk")
        if request.resolver_match and str(request.resolver_match.url_name).endswith("changelist"):
            return tags.with_post_count().prefetch_related("aliases").defer("introduction")
        return tags

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TagList

    def get_fieldsets(self, request: HttpRequest, obj: Tag | None = None) -> Any:
        """Ask what becomes of the old name only where there is one."""
        (title, basics), *others = super().get_fieldsets(request, obj)
        if obj is None or not self.has_change_permission(request, obj):
            return [(title, basics), *others]
        name, *rest = basics["fields"]
        return [(title, {**basics, "fields": [name, "keeps_name", *rest]}), *others]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        nonce = str(request.csp_nonce)  # type: ignore[attr-defined]
        context["media"] = Media(nonce=nonce) + context["media"]
        context["can_merge"] = self.has_merge_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Tag, form: Any, change: bool) -> None:
        """Save; a new name or address of a known tag goes through the log."""
        renamed = change and {"name", "slug"} & set(form.changed_data)
        if renamed:
            keeps_name = form.cleaned_data.get("keeps_name", False)
            to = merging.Renaming(obj.name, obj.slug, keeps_name)
            merging.rename(obj, to, by=cast(User, request.user), at=timezone.now())
        super().save_model(request, obj, form, change)
        if renamed or not change:
            self._mind_alike(request, obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A new name or other name is found by search at once."""
        super().save_related(request, form, formsets, change)
        tag: Tag = form.instance
        tag.aliases.filter(name__iexact=tag.name).delete()  # It says nothing the name does not.
        if form.has_changed() or any(formset.has_changed() for formset in formsets):
            tag.reindex_posts()

    def _mind_alike(self, request: HttpRequest, tag: Tag) -> None:
        other = Alikeness(known_names()).nearest(tag.name, besides=tag.pk)
        if other:
            said = format_html("There is already “{}”. {}", _both(other), _merge_link(tag, other))
            self.message_user(request, said, messages.WARNING)

    @admin.display(description="public posts", ordering="post_count")
    def post_count(self, tag: Any) -> int:
        return int(tag.post_count)

    @admin.display(description="other names")
    def other_names(self, tag: Tag) -> SafeString:
        names = ((alias.name,) for alias in tag.aliases.all())
        return format_html_join(", ", "{}", names)

    @admin.display(description="looks like")
    def looks_like(self, tag: Any) -> SafeString | str:
        return _merge_link(tag, tag.alike) if tag.alike else ""  # The list shows a dash.


def _both(name: Name) -> str:
    return f"{name.spelling}” (“{name.tag_name}”)" if name.is_alias else name.spelling


def _merge_link(tag: Tag, other: Name) -> SafeString:
    query = urlencode({"tags": tag.pk, "into": other.tag_pk})
    url = f"{reverse('admin:posts_tag_merge')}?{query}"
    return format_html('<a href="{}">Merge with “{}”?</a>', url, other.tag_name)
