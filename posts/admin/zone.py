"""Fields for a time, with the clock it is told by: the site's, never the browser's."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import SafeString


class ZonedSplitDateTime(AdminSplitDateTime):
    """Django's date and time, and beside them the name of the site's zone."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        fields = super().render(name, value, attrs, renderer)
        return format_html('<div class="zoned">{} <b>{} time</b></div>', fields, settings.TIME_ZONE)


class ZonedField(forms.SplitDateTimeField):
    """A moment on the site's clock, also in the nights when that clock is changed.

    Of an hour that comes twice, the first is meant; but boxes left as they were mean the moment
    they were filled from, whichever of the two it was.
    """

    widget = ZonedSplitDateTime

    def clean_from(self, initial: datetime | None, boxes: list[Any] | None) -> datetime | None:
        """Return the moment in the boxes, which were filled from `initial`; or ValidationError."""
        initial = initial and initial.replace(microsecond=0)  # The boxes end at seconds.
        if initial and boxes and not self.has_changed(initial, boxes):
            return initial
        moment: datetime | None = self.clean(boxes)
        return moment

    def _clean_bound_field(self, bound: Any) -> datetime | None:
        """Do what Django's does, where alone a form hands a field its initial value."""
        initial: datetime | None = bound.initial
        return initial if self.disabled else self.clean_from(initial, bound.data)

    def compress(self, data_list: Any) -> datetime | None:
        """Return date and time as a moment; refuse one that the clock leaps over."""
        day, time = data_list or (None, None)
        if not day or time is None:
            missing: datetime | None = super().compress(data_list)  # Says which box is empty.
            return missing
        typed = datetime.combine(day, time)
        try:
            moment, earlier = (_there(typed.replace(fold=fold)) for fold in (0, 1))
        except OverflowError:
            raise ValidationError(self.error_messages["invalid_date"]) from None
        if moment.replace(tzinfo=None, fold=0) == typed:
            return moment
        raise ValidationError(
            f"There is no {typed:%H:%M} on {typed.day} {typed:%B %Y}: the clocks of "
            f"{settings.TIME_ZONE} go forward over it. Type {earlier:%H:%M} for the time before, "
            f"or {moment:%H:%M} for the time after."
        )


def _there(typed: datetime) -> datetime:
    """Return the moment by way of UTC: where the clock leaps, its face is another than typed."""
    return typed.replace(tzinfo=settings.ZONE).astimezone(UTC).astimezone(settings.ZONE)


ZONED: dict[Any, Any] = {
    models.DateTimeField: {"form_class": ZonedField, "widget": ZonedSplitDateTime}
}
