"""Redirects made and mended by hand."""

import re
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils.html import format_html
from django.utils.safestring import SafeString

from posts import addresses, permalinks
from posts.models import MissingPage, Post, Redirect, Tag

NUMBERED = re.compile(rf"/\?({'|'.join(permalinks.NUMBERED)})=[0-9]{{1,9}}")


class RedirectForm(forms.ModelForm):
    """One address and its one answer; refuses loops, chains, live pages and unsafe targets."""

    is_gone = forms.BooleanField(
        label="Gone for good",
        required=False,
        help_text="Answers 410: search engines forget the page, readers are told.",
    )

    class Meta:
        model = Redirect
        fields = ["path", "post", "tag", "target"]
        error_messages = {
            "path": {"unique": "This address leads somewhere already: look it up in the list."}
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("path", "target"):
            self.fields[name].widget.attrs["class"] = "vLargeTextField"
        if self.instance.pk:
            self.initial["is_gone"] = self.instance.is_gone

    def clean_path(self) -> str:
        """Return the path in the form in which it is looked up."""
        path = own_path(self.cleaned_data["path"])
        if NUMBERED.fullmatch(path):
            return path
        path = permalinks.tidy(unquote(urlsplit(path).path)) if path.startswith("/") else ""
        if not path:
            raise ValidationError("Begin with / or paste an address of this site.")
        if permalinks.is_closed(path):
            raise ValidationError(f"“{path}” is never looked up: a redirect there does nothing.")
        if addresses.is_live(path):
            raise ValidationError(
                f"“{path}” is a page of this site now, and a live page always wins."
            )
        return path

    def clean_target(self) -> str:
        target = own_path(self.cleaned_data["target"])
        if not target:
            return ""
        parts = split(target)
        if target.startswith("/") and not re.match(r"/[/\\]", target):
            return target
        if parts.scheme != "https" or "." not in (parts.hostname or "") or parts.username:
            raise ValidationError(
                "Write / in front of a page of this site, https:// in front of another site’s."
            )
        return target

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("target", "").startswith("/"):
            self._bind(cleaned)
        answers = [cleaned.get(name) for name in ("post", "tag", "target", "is_gone")]
        if not self.errors and sum(map(bool, answers)) != 1:
            raise ValidationError("Choose one: a post, a topic, an address, or gone for good.")
        post: Post | None = cleaned.get("post")
        if post and post.status != Post.Status.PUBLISHED:
            self.add_error("post", "This post is not public: readers would still find nothing.")
        path = cleaned.get("path")
        if path and (other := Redirect.objects.filter(target=path).first()):
            self.add_error("path", f"“{other.path}” leads here. Point that elsewhere first.")
        return cleaned

    def _bind(self, cleaned: dict[str, Any]) -> None:
        """Hold a post's or topic's own row instead of its address; refuse what leads nowhere."""
        path = permalinks.tidy(urlsplit(cleaned["target"]).path)
        if path == cleaned.get("path"):
            self.add_error("target", "This would lead in a circle.")
        elif onward := Redirect.objects.filter(path=path).first():
            self.add_error("target", f"“{onward}” leads on itself. Name where it ends.")
        elif not path.startswith(settings.MEDIA_URL) and not addresses.is_live(path):
            self.add_error("target", f"There is no page at “{path}”.")
        elif (row := _row_at(cleaned["target"])) and not (
            cleaned.get("post") or cleaned.get("tag")
        ):
            cleaned["target"] = ""
            cleaned["post" if isinstance(row, Post) else "tag"] = row


def own_path(text: str) -> str:
    """Return an address of this site without its host; any other text comes back, stripped."""
    text = text.strip()
    parts = split(text)
    if parts.scheme in {"http", "https"} and parts.netloc == urlsplit(settings.SITE_URL).netloc:
        return parts._replace(scheme="", netloc="").geturl() or "/"
    return text


def split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError:  # An unclosed bracket: no address at all.
        return urlsplit("")


def _row_at(target: str) -> Post | Tag | None:
    """Return the post or topic that has exactly this address."""
    try:
        match = resolve(target)
    except Resolver404:
        return None
    slug = match.kwargs.get("slug")
    if match.view_name == "posts:detail":
        return Post.objects.filter(slug=slug).first()
    return Tag.objects.filter(slug=slug).first() if match.view_name == "posts:tag" else None


@admin.register(Redirect)
class RedirectAdmin(admin.ModelAdmin):
    form = RedirectForm
    fields = ["path", "post", "tag", "target", "is_gone"]
    list_display = ["path", "leads_to", "origin", "created_at"]
    list_filter = ["origin"]
    search_fields = ["path", "target", "post__title", "post__slug", "tag__name"]
    search_help_text = "Words of the old address, or of where it leads."
    ordering = ["-created_at", "-pk"]
    autocomplete_fields = ["post", "tag"]
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Redirect]:
        shown = ("title", "slug", "status", "published_at", "is_retracted")
        queryset: QuerySet[Redirect] = super().get_queryset(request).select_related("post", "tag")
        return queryset.only(
            "path",
            "target",
            "origin",
            "created_at",
            "tag__name",
            *(f"post__{name}" for name in shown),
        )

    def save_model(self, request: HttpRequest, obj: Redirect, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        MissingPage.objects.filter(path=obj.path).delete()

    def response_add(self, request: HttpRequest, obj: Redirect, *args: Any) -> HttpResponse:
        """Go back to the missing addresses, when the editor came from there."""
        response = super().response_add(request, obj, *args)
        came_from_there = "path" in request.GET and "_save" in request.POST
        return redirect("admin:posts_missingpage_changelist") if came_from_there else response

    @admin.display(description="leads to")
    def leads_to(self, row: Redirect) -> SafeString | str:
        if row.is_gone:
            return format_html('<span class="chip">{}</span>', "Gone (410)")
        if row.tag:
            return f"Topic: {row.tag.name}"
        if row.post is None:
            return row.target
        state = "" if row.post.is_published() else f" ({row.post.get_status_display().lower()})"
        return f"{row.post.display_title}{state}"
