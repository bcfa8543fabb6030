"""The forms tags are edited and chosen in, and what they refuse."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet

from pbrsite.numbers import row_numbers
from posts.admin.widgets import KnownSelect, KnownSelectMultiple
from posts.models import Post, Tag, TagAlias, TagChange
from posts.topics import is_above, unknown_variables


class TagField(forms.ModelMultipleChoiceField):
    """Tags by autocomplete. One merged away while the form was open counts as its successor."""

    def __init__(self, **kwargs: Any) -> None:
        widget = KnownSelectMultiple(Post._meta.get_field("tags"), admin.site)
        super().__init__(Tag.objects.all(), widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        try:
            return super().clean(value)
        except ValidationError:
            pks = row_numbers(value or [])
            heirs = TagChange.objects.heirs(pks)
            if not heirs:
                raise
        return super().clean([heirs.get(pk, pk) for pk in pks])


class MergeForm(forms.Form):
    tags = forms.ModelMultipleChoiceField(
        queryset=Tag.objects.all(), widget=forms.MultipleHiddenInput
    )
    into = forms.ModelChoiceField(
        queryset=Tag.objects.all(),
        label="Merge into",
        help_text="The tag that stays. It may be one of those you chose.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        into = self.fields["into"]
        into.widget = KnownSelect(Post._meta.get_field("topic"), admin.site)
        into.widget.choices = into.choices  # type: ignore[attr-defined]


class TagForm(forms.ModelForm):
    keeps_name = forms.BooleanField(
        label="Keep the old name as another name",
        required=False,
        initial=True,
        help_text="Counts when you change the name: search and suggestions still know the old one.",
    )

    class Meta:
        model = Tag
        fields = "__all__"  # noqa: DJ007 (the admin's fieldsets say which)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "subtopics" in self.fields:
            self.fields["subtopics"].label = "Narrower topics"
        if self.instance.pk and "slug" in self.fields:
            self.fields["slug"].help_text = (
                f"The address is /tag/{self.instance.slug}/. Change it, and the old address, with "
                "its pages and its feed, leads to the new one."
            )

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        taken = Tag.objects.known_as(name).exclude(pk=self.instance.pk).first()
        if taken and taken.name.lower() == name.lower():
            raise ValidationError(f"There is already a tag “{taken}”.")
        if taken:
            raise ValidationError(
                f"“{name}” is another name of “{taken}”. Use that tag, or take the name off it."
            )
        return name

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if not slug.isascii():
            raise ValidationError("Addresses have only the letters a to z, digits and hyphens.")
        return slug

    def clean_introduction(self) -> str:
        introduction: str = self.cleaned_data["introduction"]
        if unknown := unknown_variables(introduction):
            raise ValidationError(
                f"{', '.join(unknown)} means nothing here. The live number of posts is written "
                "{{ post_count }}."
            )
        return introduction

    def clean_subtopics(self) -> Iterable[Tag]:
        chosen: Iterable[Tag] = self.cleaned_data["subtopics"]
        if self.instance.pk and (above := is_above_of(self.instance, chosen)):
            raise ValidationError(above)
        return chosen


class TagAliasFormSet(BaseInlineFormSet):
    def clean(self) -> None:
        """Refuse the same other name twice in one form; the rest is `TagAlias.clean`."""
        super().clean()
        seen: set[str] = set()
        for form in self.forms:
            name = str(form.cleaned_data.get("name", "")).lower() if form.is_valid() else ""
            if name in seen and not form.cleaned_data.get("DELETE"):
                form.add_error("name", "This other name stands here twice.")
            seen |= {name} - {""}

    def save_new(self, form: Any, commit: bool = True) -> TagAlias:
        """Save, unless a renaming in the same step has just made this other name."""
        same = TagAlias.objects.filter(tag=self.instance, name__iexact=form.instance.name).first()
        saved: TagAlias = same or super().save_new(form, commit=commit)
        return saved


def is_above_of(tag: Tag, chosen: Iterable[Tag]) -> list[str]:
    """Return a sentence for each chosen topic that would make a circle."""
    return [
        "A topic cannot be narrower than itself."
        if other == tag
        else f"“{other}” cannot be narrower than “{tag}”: “{tag}” is already narrower than it."
        for other in is_above(tag, chosen)
    ]
