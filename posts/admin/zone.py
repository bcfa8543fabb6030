"""Fields for a time, with the clock it is told by: the site's, never the browser's."""

from typing import Any

from django.conf import settings
from django.contrib.admin.widgets import AdminSplitDateTime
from django.utils.html import format_html
from django.utils.safestring import SafeString


class ZonedSplitDateTime(AdminSplitDateTime):
    """Django's date and time, and beside them the name of the site's zone."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        fields = super().render(name, value, attrs, renderer)
        return format_html('<div class="zoned">{} <b>{} time</b></div>', fields, settings.TIME_ZONE)
