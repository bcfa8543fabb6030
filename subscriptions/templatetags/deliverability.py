"""What has to be mended about the mail, for whoever may see it."""

from typing import Any

from django import template
from django.template import Context
from django.utils import timezone

from subscriptions.deliverability import alarms

register = template.Library()


@register.inclusion_tag("subscriptions/_deliverability_alarm.html", takes_context=True)
def deliverability_alarm(context: Context) -> dict[str, Any]:
    """Return the alarms, none for who may not see the panel; three queries."""
    may = context["request"].user.has_perm("subscriptions.view_deliverability")
    return {"alarms": alarms.current(timezone.now()) if may else []}
