"""Fields of the post's form that know what is chosen, and show the image they are about."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from cabinet.fields import CabinetFileRawIdWidget
from django import forms
from django.contrib.admin.widgets import AutocompleteSelect, AutocompleteSelectMultiple
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from pbrsite.numbers import row_number
from posts.pictures import Picture


class KnownChoices:
    """Part of an autocomplete field: what is chosen is named from rows the form has read already.

    Django's own field asks the database for each name again.
    """

    known: Mapping[str, Any] = MappingProxyType({})

    def optgroups(self, name: str, value: Any, attr: Any = None) -> Any:
        # What was typed is shown again as it came, and no row has "abc" for its number.
        value = [one for one in value if row_number(one) is not None]
        chosen = {str(one) for one in value}
        if not chosen or not chosen <= self.known.keys():
            return super().optgroups(name, value, attr)  # type: ignore[misc]
        empty = [] if self.allow_multiple_selected else [("", "")]  # type: ignore[attr-defined]
        labels = sorted((str(self.known[key]), key) for key in chosen)
        options = [
            self.create_option(name, key, label, bool(key), place)  # type: ignore[attr-defined]
            for place, (label, key) in enumerate([*empty, *labels])
        ]
        return [(None, options, 0)]


class KnownSelect(KnownChoices, AutocompleteSelect):
    """One choice by autocomplete."""


class KnownSelectMultiple(KnownChoices, AutocompleteSelectMultiple):
    """Several choices by autocomplete."""


class KnownSelects:
    """Part of an admin with `autocomplete_fields`: those of one choice are such fields."""

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name in self.autocomplete_fields:  # type: ignore[attr-defined]
            site = self.admin_site  # type: ignore[attr-defined]
            kwargs["widget"] = KnownSelect(db_field, site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]


class FocalPointWidget(forms.HiddenInput):
    """The point of an image that every crop keeps: by click, or by two sliders with the keyboard.

    The crops beside it show at once what becomes of them.
    """

    input_type = "hidden"
    picture: Picture | None = None

    class Media:
        js = [forms.widgets.Script("pbrsite/admin/focal-point.js", type="module")]

    @property
    def is_hidden(self) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        field = super().render(name, value, attrs, renderer)
        context = {"field": field, "picture": self.picture}
        return render_to_string("admin/posts/image/_focal_point.html", context)


class LeadImageWidget(CabinetFileRawIdWidget):
    """The number of an image with its thumbnail, kept in step by a few lines of script."""

    template_name = "admin/widgets/foreign_key_raw_id.html"
    known: Mapping[str, Any] = MappingProxyType({})

    class Media:
        js = [forms.widgets.Script("pbrsite/admin/lead-image.js", type="module")]

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        if (image := self.known.get(str(value))) is None:
            label, url = super().label_and_url_for_value(value)
            return label, url
        self.instance = image
        return str(image), reverse("admin:posts_image_change", args=[image.pk])

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        field = super().render(name, value, attrs, renderer)
        image = getattr(self, "instance", None)
        context = {
            "field": field,
            "picture": image.picture if image else None,
            "facts_url": reverse("admin:posts_image_facts", args=[0]),
        }
        return render_to_string("admin/posts/post/_lead_image_widget.html", context)
