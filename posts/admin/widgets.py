"""Fields that show the image they are about."""

from typing import Any

from cabinet.fields import CabinetFileRawIdWidget
from django import forms
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from posts.pictures import Picture


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

    class Media:
        js = [forms.widgets.Script("pbrsite/admin/lead-image.js", type="module")]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        field = super().render(name, value, attrs, renderer)
        image = getattr(self, "instance", None)
        context = {
            "field": field,
            "picture": image.picture if image else None,
            "facts_url": reverse("admin:posts_image_facts", args=[0]),
        }
        return render_to_string("admin/posts/post/_lead_image_widget.html", context)
