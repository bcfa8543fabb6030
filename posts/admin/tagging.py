"""Bulk tagging: tags added to or taken from the posts of a selection or of a whole search."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from posts import retagging, search
from posts.admin.tagforms import TagField
from posts.models import Post, PostQuerySet
from posts.retagging import Verb

EXAMPLES = 6  # titles shown, so that a person sees what was chosen
VERBS: dict[Verb, str] = {"add_tags": "Add tags to", "remove_tags": "Remove tags from"}


class TaggingForm(forms.Form):
    tags = TagField()
    # What the page showed when its button was pressed: should it be true no more, it is shown anew.
    shown = forms.CharField(required=False, widget=forms.HiddenInput)


class BulkTagging(admin.ModelAdmin):
    """The part of the posts' admin that finds by any word and tags what it found."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if self.has_change_permission(request):
            actions |= {name: self.get_action(name) for name in VERBS}
        return actions

    def response_action(
        self, request: HttpRequest, queryset: Any, *location: Any, **options: Any
    ) -> Any:
        """Leave the history of what is only asked about alone; `retag` keeps what is done."""
        if request.POST.get("action") in VERBS:
            return admin.ModelAdmin.response_action(self, request, queryset)
        return super().response_action(request, queryset, *location, **options)

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Find by words of the text too, in the list; a picker looks at titles only."""
        found, has_duplicates = super().get_search_results(request, queryset, search_term)
        match = request.resolver_match
        if search_term.strip() and match and str(match.url_name).endswith("changelist"):
            found |= queryset.filter(pk__in=search.mentioning(search_term).values("pk"))
        return found, has_duplicates

    @admin.action(description="Add tags…")
    def add_tags(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._tagging(request, queryset, "add_tags")

    @admin.action(description="Remove tags…")
    def remove_tags(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._tagging(request, queryset, "remove_tags")

    def _tagging(self, request: HttpRequest, queryset: Any, verb: Verb) -> HttpResponse | None:
        """Ask for the tags, show how many posts change, and do it when that still holds."""
        asked, posts = self._allowed(request, queryset)
        is_asked = "shown" in request.POST
        form = TaggingForm(request.POST if is_asked else None)
        preview: dict[str, Any] = {}
        if is_asked and form.is_valid():
            preview = _preview(posts, verb, form)
            if preview["changing"] and form.cleaned_data["shown"] == preview["shown"]:
                now, later = retagging.retag(
                    posts, verb, form.cleaned_data["tags"], by=request.user, now=timezone.now()
                )
                self._say(request, verb, form, now=now, later=later)
                return None
        total, examples = posts.count(), posts.newest_first().only("title")[:EXAMPLES]
        context = {
            **self.admin_site.each_context(request), "title": f"{VERBS[verb]} posts",
            "opts": self.opts, "form": form, "action": verb, "is_adding": verb == "add_tags",
            "preview": preview, "total": total, "left": asked - total,
            "examples": list(examples), "more": max(0, total - EXAMPLES),
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "checkbox_name": ACTION_CHECKBOX_NAME, "media": self.media + form.media,
        }  # fmt: skip
        return TemplateResponse(request, "admin/posts/post/tagging.html", context)

    def _allowed(self, request: HttpRequest, queryset: Any) -> tuple[int, PostQuerySet]:
        """Return how many were asked for, and those of them this person may change."""
        posts = list(queryset)
        pks = [post.pk for post in posts if self.has_change_permission(request, post)]
        return len(posts), Post.objects.filter(pk__in=pks)

    def _say(
        self, request: HttpRequest, verb: Verb, form: TaggingForm, *, now: int, later: int
    ) -> None:
        names = ", ".join(f"“{tag}”" for tag in form.cleaned_data["tags"])
        to = "added to" if verb == "add_tags" else "removed from"
        said = f"{names} {to} {now} post{'s' * (now != 1)}."
        if later:
            said = f"{names} {to} {now} of {now + later} posts. The rest follows within minutes."
        self.message_user(request, said, messages.SUCCESS)


def _preview(posts: PostQuerySet, verb: Verb, form: TaggingForm) -> dict[str, Any]:
    """Return what the chosen tags would do; `shown` is the same for the same choice and effect."""
    tags = form.cleaned_data["tags"]
    count = len(retagging.changing(posts, verb, tags))
    bare = len(posts.bared_by(tags)) if verb == "remove_tags" else 0
    pks = ",".join(str(pk) for pk in sorted(tag.pk for tag in tags))
    return {"changing": count, "bare": bare, "tags": tags, "shown": f"{pks}:{count}"}
