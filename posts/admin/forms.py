"""The form a post is written in, and what it refuses."""

from typing import Any

from django import forms

from posts.admin.corrections import RealChangeForm
from posts.admin.gateform import GateForm
from posts.admin.tagforms import TagField
from posts.models import Post


class PostForm(RealChangeForm, GateForm):
    tags = TagField(
        required=False,
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
        if self.instance.pk:
            self._tell_what_is_known()
        if proposed := getattr(self.instance, "proposed", None):  # A change for later is edited.
            self.initial |= proposed.as_initial()

    def _tell_what_is_known(self) -> None:
        """Hand each field the rows it would otherwise ask the database for by itself."""
        tags = self.initial.get("tags", [])
        self.initial["tags"] = [tag.pk for tag in tags]
        known = {"tags": tags}
        for name in ("author", "topic", "series", "lead_image"):
            is_read = name in self.instance._state.fields_cache
            row = getattr(self.instance, name) if is_read else None
            known[name] = [row] if row else []
        for name in known.keys() & self.fields.keys():
            widget: Any = self.fields[name].widget
            getattr(widget, "widget", widget).known = {str(row.pk): row for row in known[name]}
