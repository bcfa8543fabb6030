"""Writing a post, and deciding when it is out."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from js_asset.media import Media

from posts.admin.changes import ScheduledChangesMixin
from posts.admin.conflicts import ConflictsMixin
from posts.admin.corrections import CorrectionInline, CorrectionsMixin
from posts.admin.forms import PostForm
from posts.admin.links import LinkPicker
from posts.admin.permissions import may_publish, may_touch
from posts.admin.preview import UnsavedPreviewMixin
from posts.admin.preview_links import PreviewLinksMixin
from posts.admin.suggesting import TagSuggestions
from posts.admin.tagging import BulkTagging
from posts.admin.widgets import LeadImageWidget
from posts.models import Author, CoAuthor, Post, PostQuerySet, RelatedChoice


class CoAuthorInline(admin.TabularInline):
    model = CoAuthor
    extra = 0
    autocomplete_fields = ["author"]
    verbose_name_plural = "Further authors"


class RelatedChoiceInline(admin.TabularInline):
    model = RelatedChoice
    fk_name = "post"
    extra = 0
    autocomplete_fields = ["related"]


@admin.register(Post)
class PostAdmin(
    BulkTagging,
    TagSuggestions,
    LinkPicker,
    ConflictsMixin,
    UnsavedPreviewMixin,
    PreviewLinksMixin,
    CorrectionsMixin,
    ScheduledChangesMixin,
):
    form = PostForm
    change_form_template = "admin/posts/post/change_form.html"
    inlines = [CorrectionInline, CoAuthorInline, RelatedChoiceInline]
    date_hierarchy = "published_at"
    list_display = ["title", "state", "author", "topic", "published_at", "saved_at"]
    list_filter = ["status", "author", ("topic", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["author", "topic"]
    list_per_page = 50
    search_fields = ["title", "slug", "standfirst"]
    search_help_text = "Words of the title, the text, the tags or the address; “a phrase”; -not."
    ordering = ["-saved_at", "-pk"]
    actions = ["publish", "withdraw"]
    autocomplete_fields = ["author", "series", "topic"]
    raw_id_fields = ["lead_image"]
    prepopulated_fields = {"slug": ["title"]}
    readonly_fields = ["related_now", "suggested_tags"]
    fieldsets = [
        ("Write", {"fields": ["title", "slug", "standfirst", "body", "excerpt"]}),
        ("Illustrate", {"fields": ["lead_image", "lead_image_alt", "lead_image_is_decorative",
                                   "lead_image_credit"]}),
        ("Classify", {"fields": ["author", "tags", "suggested_tags", "topic",
                                 ("series", "series_position")]}),
        ("Publish", {"fields": ["status", "published_at", "not_before", "is_real_change",
                                "forget_update", "is_open_to_comments", "is_mailed"]}),
        ("Related posts", {"fields": ["related_now"]}),
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> PostQuerySet:
        queryset = Post.objects.order_by(*self.ordering)
        if request.resolver_match and str(request.resolver_match.url_name).endswith("changelist"):
            return queryset.defer("body", "body_html", "contents", "plain_text", "search_vector")
        return queryset.defer("search_vector")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        byline = Author.objects.filter(user__username=request.user.get_username()).first()
        return {
            "author": byline.pk if byline else None,
            **super().get_changeform_initial_data(request),
        }

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "status" and not may_publish(request):
            kwargs["choices"] = [
                choice for choice in Post.Status.choices if choice[0] in {"draft", "review"}
            ]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "lead_image":
            field.widget.__class__ = LeadImageWidget
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None) -> list[str]:
        """Keep what only a publisher may change from everyone else, once it is out."""
        fixed = list(self.readonly_fields)
        if not may_publish(request):
            fixed.append("published_at")
            if obj and obj.status not in {Post.Status.DRAFT, Post.Status.REVIEW}:
                fixed.append("status")
        return fixed

    def has_change_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        """Let a writer change what is being written; what is out belongs to who may publish."""
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

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
        post = context.get("original")
        context["can_publish_now"] = may_publish(request) and not (post and post.is_published())
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save tags and pins, then act on the whole: publish when asked, index, relate."""
        super().save_related(request, form, formsets, change)
        post: Post = form.instance
        if "_publish" in request.POST and may_publish(request):
            is_new = post.publish(at=timezone.now())
            said = "is published." if is_new else "was published already; its date stays."
            self.message_user(request, f"“{post}” {said}", messages.SUCCESS)
        else:
            post.reindex()

    @admin.display(description="state", ordering="status")
    def state(self, post: Post) -> SafeString:
        scheduled = post.is_scheduled()
        name = "scheduled" if scheduled else post.status
        label = "Scheduled" if scheduled else post.get_status_display()
        return format_html('<span class="chip chip-{}">{}</span>', name, label)

    @admin.display(description="shown now")
    def related_now(self, post: Post) -> SafeString | str:
        """List the stored relatives with the reason for each; one query."""
        if not post.pk:
            return "They are computed when the post is saved."
        rows = post.relatives.select_related("related").only(
            "position", "reason", "related__title", "related__status", "related__published_at"
        )
        items = [(row.related.title, row.explanation, hidden(row.related)) for row in rows]
        if not items:
            return "None found yet. Pin some below, or add tags."
        return format_html(
            '<ol class="related-now">{}</ol>',
            format_html_join("", "<li><strong>{}</strong> <span>{}</span>{}</li>", items),
        )

    @admin.action(description="Publish the selected posts now", permissions=["publish"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        """Publish unfinished posts; those already out, and withdrawn ones, are left alone."""
        posts = Post.objects.unfinished().filter(pk__in=queryset.values("pk"))
        done = [post for post in posts if post.publish(at=timezone.now())]
        self._report(request, "published", len(done), queryset.count())

    @admin.action(description="Withdraw the selected posts", permissions=["publish"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        done = [post for post in queryset if post.withdraw()]
        self._report(request, "withdrawn", len(done), queryset.count())

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return may_publish(request)

    def _report(self, request: HttpRequest, verb: str, done: int, asked: int) -> None:
        left = f" {asked - done} were left as they are." if asked > done else ""
        level = messages.SUCCESS if done else messages.WARNING
        self.message_user(request, f"{done} of {asked} posts {verb}.{left}", level)


def hidden(post: Post) -> SafeString | str:
    return "" if post.is_published() else format_html(" <em>{}</em>", "(not public: not shown)")
