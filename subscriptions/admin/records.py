"""What the lists of this desk share: records nobody types, and how a state is shown."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from subscriptions.models import Subscriber

TONES = {
    "good": {"active", "sent", "done"},
    "warn": {"paused", "retry", "skipped_late", "expired", "unknown"},
    "bad": {"bounced", "complained", "rejected"},
}


class ReadOnly(admin.ModelAdmin):
    """Records are looked at, never typed; `readonly_fields` are those shown."""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def address_of(subscriber: Subscriber) -> str:
    return subscriber.email or f"erased {subscriber.pk}"


def chip(state: str, label: str) -> SafeString:
    tone = next((tone for tone, states in TONES.items() if state in states), "plain")
    return format_html('<span class="chip chip--{}">{}</span>', tone, label)
