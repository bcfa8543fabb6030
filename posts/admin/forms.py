"""The form a post is written in, and what it refuses."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.utils import timezone

from posts.admin.corrections import RealChangeForm
from posts.faults import faults
from posts.models import Post, Tag


class PostForm(RealChangeForm):
    tags = forms.ModelMultipleChoiceField(
        queryset=Tag.objects.all(),
        required=False,
        widget=AutocompleteSelectMultiple(Post._meta.get_field("tags"), admin.site),
        help_text="People, organisations, themes, items and places this post is about.",
    )

    class Meta:
        model = Post
        fields = "__all__"  # The admin's fieldsets say which.
        widgets = {
            "standfirst": forms.Textarea(attrs={"rows": 2, "cols": 90}),
            "excerpt": forms.Textarea(attrs={"rows": 4, "cols": 90}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("title", "slug", "lead_image_alt"):
            if name in self.fields:
                self.fields[name].widget.attrs["class"] = "vLargeTextField"
        if "title" in self.fields:
            self.fields["title"].widget.attrs["autofocus"] = True
        if "slug" in self.fields and self.instance.is_published():
            self.fields["slug"].help_text += " The post is public: its old address will lead here."
        for name in ("published_at", "not_before"):
            if name in self.fields:
                self.fields[name].help_text += f" Times are those of {settings.TIME_ZONE}."
        if self.instance.pk and "tags" in self.fields:
            self.initial["tags"] = list(self.instance.tags.values_list("pk", flat=True))
        if proposed := getattr(self.instance, "proposed", None):  # A change for later is edited.
            self.initial |= proposed.as_initial()

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"]
        if found := faults(body):
            raise ValidationError(found)
        return body

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        is_said = cleaned.get("lead_image_alt") or cleaned.get("lead_image_is_decorative")
        if cleaned.get("lead_image") and not is_said:
            self.add_error("lead_image_alt", "Say what the lead image shows.")
        if cleaned.get("status") == Post.Status.PUBLISHED and not cleaned.get("published_at"):
            cleaned["published_at"] = timezone.now()
        embargo, out = cleaned.get("not_before"), cleaned.get("published_at")
        if embargo and out and cleaned.get("status") == Post.Status.PUBLISHED and out < embargo:
            cleaned["published_at"] = embargo
        return cleaned
