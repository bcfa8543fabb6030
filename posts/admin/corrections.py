"""Public notices on a post, and the tick that dates a real change."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateformat import format as format_date

from posts.admin.changes import BUTTON
from posts.admin.permissions import may_publish
from posts.admin.zone import ZONED
from posts.models import Correction, Post

if TYPE_CHECKING:
    PostAdminBase = admin.ModelAdmin[Post]
else:
    PostAdminBase = object

TICKS = {"is_real_change", "forget_update"}


class RealChangeForm(forms.ModelForm):
    """The part of a post's form that dates a change. Nothing but these ticks and notices does."""

    is_real_change = forms.BooleanField(
        label="A real change",
        required=False,
        help_text="Shows “updated” with today’s date. Small mends stay silent without it, and a "
        "public notice below shows its own date.",
    )
    forget_update = forms.BooleanField(label="No update date", required=False)

    class Meta:
        model = Post
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.revised_at:
            day = format_date(timezone.localtime(self.instance.revised_at), "j F Y")
            self.fields["forget_update"].help_text = f"Takes “updated {day}” away."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("is_real_change") and cleaned.get("forget_update"):
            self.add_error("forget_update", "Tick one of the two: today’s date, or none.")
        if BUTTON in self.data:
            for name in sorted(name for name in TICKS if cleaned.get(name)):
                self.add_error(name, "A change for later has a tick of its own, beside its time.")
        return cleaned

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data["is_real_change"] and self.instance.is_published():
            self.instance.revised_at = timezone.now()
        elif self.cleaned_data["forget_update"]:
            self.instance.revised_at = None
        return super().save(commit)


class CorrectionFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        if BUTTON in self.data and self.has_changed():
            raise ValidationError(
                "A change for later leaves the notices alone. Save them by themselves first."
            )


class CorrectionInline(admin.StackedInline):
    """Notices are the publishers' word: who may publish may write, change and take them back."""

    model = Correction
    formset = CorrectionFormSet
    formfield_overrides = ZONED
    extra = 0
    fields = ["kind", "text", "noted_at"]
    verbose_name = "public notice"
    verbose_name_plural = "Correct: public notices at the top of the post"

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "text":
            kwargs["widget"] = forms.Textarea(attrs={"rows": 3, "cols": 90})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("posts.view_post") or may_publish(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_publish(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_publish(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_publish(request)


class CorrectionsMixin(PostAdminBase):
    """What `PostAdmin` has of this: the notices and the ticks, where there is a public to tell."""

    def get_inlines(self, request: HttpRequest, obj: Post | None) -> list[Any]:
        inlines = super().get_inlines(request, obj)
        is_offered = has_been_out(obj) and "change" not in request.GET  # A change for later.
        return [each for each in inlines if each is not CorrectionInline or is_offered]

    def get_fieldsets(self, request: HttpRequest, obj: Post | None = None) -> list[Any]:
        offered = set()
        is_now = "change" not in request.GET
        if obj and obj.is_published() and is_now and self.has_change_permission(request, obj):
            offered = TICKS if obj.revised_at else TICKS - {"forget_update"}
        return [
            (name, {**options, "fields": [
                field for field in options["fields"] if field not in TICKS - offered
            ]})
            for name, options in super().get_fieldsets(request, obj)
        ]  # fmt: skip

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Note who wrote a notice; the public is not told."""
        if formset.model is Correction:
            for row in formset.forms:
                row.instance.noted_by_id = row.instance.noted_by_id or request.user.pk
        super().save_formset(request, form, formset, change)


def has_been_out(post: Post | None) -> bool:
    """Return whether there may be readers of an earlier version."""
    is_or_was = {Post.Status.PUBLISHED, Post.Status.WITHDRAWN}
    return (
        post is not None
        and post.status in is_or_was
        and post.published_at is not None
        and post.published_at <= timezone.now()
    )
