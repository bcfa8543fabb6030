"""Tags suggested beside the tags field, for the saved post and for what is being typed."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils.safestring import SafeString, mark_safe

from pbrsite.numbers import row_number, row_numbers
from posts.models import Post
from posts.suggestions import Suggestion, Text, suggest


class TagSuggestions(admin.ModelAdmin):
    """The part of the posts' admin that suggests tags."""

    class Media:
        js = [forms.Script("pbrsite/admin/suggestions.js", type="module")]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.suggestions)
        return [path("suggestions/", view, name="posts_post_suggestions"), *super().get_urls()]

    def suggestions(self, request: HttpRequest) -> HttpResponse:
        """Answer with tags for the text of a form not saved yet; changes nothing."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        post = self._post(request)
        given = request.POST
        text = Text.of(
            given.get("title", ""), given.get("body", ""), given.get("standfirst", ""),
            given.get("excerpt", ""),
        )  # fmt: skip
        chosen = row_numbers(given.getlist("tags"))
        found = suggest(text, chosen=chosen, post=post)
        return JsonResponse({"suggestions": [_plain(suggestion) for suggestion in found]})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Read the text for `?suggest` only: a script asks by itself once the field is in sight."""
        if post := context.get("original"):
            post.is_to_be_read = "suggest" in request.GET
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="suggested tags")
    def suggested_tags(self, post: Post) -> SafeString:
        """Show the place for suggestions; with those of the saved text it is three queries."""
        found: list[Suggestion] = []
        if is_read := getattr(post, "is_to_be_read", False):
            text = Text(post.title, "\n".join([post.standfirst, post.excerpt, post.plain_text]))
            chosen = set(post.tags.values_list("pk", flat=True))
            found = suggest(text, chosen=chosen, post=post, reads_alike=False)
        context = {"suggestions": found, "post": post, "is_read": is_read}
        return mark_safe(render_to_string("admin/posts/post/_suggestions.html", context))  # noqa: S308

    def _post(self, request: HttpRequest) -> Post | None:
        """Return the post being edited, None for a new one; refuse who may not write it."""
        pk = request.POST.get("post", "")
        number = row_number(pk)
        post = Post.objects.filter(pk=number).first() if number else None
        may = self.has_change_permission(request, post) if pk else self.has_add_permission(request)
        if not may or (pk and post is None):
            raise PermissionDenied
        return post


def _plain(suggestion: Suggestion) -> dict[str, Any]:
    return {
        "id": suggestion.tag_pk, "name": suggestion.name, "kind": suggestion.kind,
        "reason": suggestion.reason,
    }  # fmt: skip
