"""Writing a post."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from js_asset.media import Media

from posts import citations
from posts.admin.bulk import BulkPublishing
from posts.admin.changes import ScheduledChangesMixin
from posts.admin.corrections import CorrectionInline, CorrectionsMixin
from posts.admin.filters import AuthorFilter, TopicFilter
from posts.admin.forms import PostForm
from posts.admin.links import LinkPicker
from posts.admin.permissions import may_publish
from posts.admin.preview import UnsavedPreviewMixin
from posts.admin.preview_links import PreviewLinksMixin
from posts.admin.publishing import PublishingAdmin, StateFilter
from posts.admin.relatives import RelativesMixin
from posts.admin.suggesting import TagSuggestions
from posts.admin.tagging import BulkTagging
from posts.admin.weak import WeakMatches
from posts.admin.widgets import KnownSelects, LeadImageWidget
from posts.admin.withdrawing import Withdrawing
from posts.models import Author, CoAuthor, Post, PostQuerySet, ScheduledChange

PUBLISHERS_OWN = ["published_at", "not_before", "is_mailed"]


class FurtherAuthors(BaseInlineFormSet):
    """Further authors: nobody twice in a byline."""

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            author = form.cleaned_data.get("author") if form.is_valid() else None
            if author and author.pk == self.instance.author_id and not form.cleaned_data["DELETE"]:
                form.add_error("author", f"{author} is this post's author already, named first.")


class CoAuthorInline(KnownSelects, admin.TabularInline):
    model = CoAuthor
    formset = FurtherAuthors
    classes = ["collapse"]
    extra = 0
    autocomplete_fields = ["author"]
    verbose_name_plural = "Further authors"


@admin.register(Post)
class PostAdmin(
    Withdrawing,
    BulkTagging,
    BulkPublishing,
    KnownSelects,
    TagSuggestions,
    LinkPicker,
    RelativesMixin,
    WeakMatches,
    UnsavedPreviewMixin,
    PreviewLinksMixin,
    CorrectionsMixin,
    ScheduledChangesMixin,
    PublishingAdmin,
):
    form = PostForm
    change_form_template = "admin/posts/post/change_form.html"
    inlines = [CorrectionInline, CoAuthorInline]
    date_hierarchy = "published_at"
    list_display = ["title", "thumbnail", "state", "author", "topic", "published_at", "saved_at"]
    list_filter = [StateFilter, AuthorFilter, TopicFilter]
    list_select_related = ["author", "topic", "lead_image"]
    list_per_page = 50
    search_fields = ["title", "slug", "standfirst"]
    search_help_text = "Words of the title, the text, the tags or the address; “a phrase”; -not."
    ordering = ["-saved_at", "-pk"]
    autocomplete_fields = ["author", "series", "topic"]
    raw_id_fields = ["lead_image"]
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["suggested_tags"]
    fieldsets = [
        ("Write", {"fields": ["title", "slug", "standfirst", "body", "excerpt"]}),
        ("Illustrate", {"fields": ["lead_image", "lead_image_alt", "lead_image_is_decorative",
                                   "lead_image_credit"]}),
        ("Classify", {"fields": ["author", "tags", "suggested_tags", "topic",
                                  ("series", "series_position")]}),
        ("Publish", {"fields": ["published_at", "not_before", "is_real_change", "forget_update",
                                "is_open_to_comments", "is_mailed"]}),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> PostQuerySet:
        queryset = Post.objects.open_to(request.user).order_by(*self.ordering)
        if request.resolver_match and str(request.resolver_match.url_name).endswith("changelist"):
            return queryset.defer("body", "body_html", "contents", "plain_text")
        has_changes = Exists(ScheduledChange.objects.filter(post=OuterRef("pk")))
        whole = queryset.select_related("author", "topic", "series", "lead_image")
        found: PostQuerySet = whole.annotate(
            has_changes=has_changes, linking_rows=citations.linking()
        )
        return found

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        byline = Author.objects.filter(user__username=request.user.get_username()).first()
        return {
            "author": byline.pk if byline else None,
            **super().get_changeform_initial_data(request),
        }

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "lead_image":
            field.widget.__class__ = LeadImageWidget
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> list[str]:
        """Keep when it goes out, the embargo, and to whom it is mailed from who may not publish."""
        return [*self.readonly_fields, *([] if may_publish(request) else PUBLISHERS_OWN)]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the bulk deletion, which asks about no single post, to publishers only."""
        actions: dict[str, Any] = super().get_actions(request)
        if not may_publish(request):
            actions.pop("delete_selected", None)
        return actions

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # The editor's import map is an inline script: the nonce is what the policy lets through.
        nonce = str(request.csp_nonce)  # type: ignore[attr-defined]
        context["media"] = Media(nonce=nonce) + context["media"]
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="", empty_value="")
    def thumbnail(self, post: Post) -> SafeString | str:
        if not post.lead_image:
            return ""
        return format_html(
            '<img class="thumbnail" src="{}" width="96" height="60" loading="lazy" alt="">',
            post.lead_image.picture.thumbnail_url,
        )
