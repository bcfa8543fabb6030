"""Unsubscribing or erasing those chosen in the list: asked once more, for no button undoes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from subscriptions.admin.restoring import MOST_SHOWN
from subscriptions.models import ConsentEvent, Subscriber

TEMPLATE = "admin/subscriptions/subscriber/part.html"


@dataclass(frozen=True)
class Parting:
    """A verb of the model that ends something for a person, and how it is asked and told."""

    action: str
    title: str
    words: str
    button: str
    done: str
    verb: Callable[..., bool]
    states: frozenset[str]  # Whom it changes anything for.


UNSUBSCRIBE = Parting(
    "unsubscribe", "Unsubscribe these people?",
    "They get no more e-mail from this moment on, and no import brings them back: only they "
    "themselves can subscribe again.",
    "Unsubscribe", "Unsubscribed", Subscriber.leave,
    frozenset({Subscriber.State.PENDING, Subscriber.State.ACTIVE, Subscriber.State.PAUSED}),
)  # fmt: skip
ERASE = Parting(
    "erase", "Erase these people for good?",
    "Their addresses and what they chose are deleted. This cannot be undone, and no import brings "
    "them back. To send somebody nothing more, unsubscribing is enough.",
    "Erase for good", "Erased", Subscriber.erase,
    frozenset(Subscriber.State) - {Subscriber.State.ERASED},
)  # fmt: skip


def part(
    request: HttpRequest, model_admin: Any, queryset: QuerySet[Subscriber], parting: Parting
) -> HttpResponse | None:
    """Ask about those chosen; the answer comes back to the same action of the list."""
    if "sure" not in request.POST:
        return _ask(request, model_admin, queryset, parting)
    now, done = timezone.now(), 0
    for person in queryset:
        if parting.verb(person, at=now, method="admin", actor=ConsentEvent.Actor.STAFF):
            model_admin.log_change(request, person, f"{parting.done}.")
            done += 1
    left = len(queryset) - done
    words = f"{parting.done}: {done}."
    messages.success(request, f"{words} Had gone before: {left}." if left else words)
    return None


def _ask(
    request: HttpRequest, model_admin: Any, queryset: QuerySet[Subscriber], parting: Parting
) -> HttpResponse:
    people = queryset.filter(state__in=parting.states)
    count = people.count()
    context = {
        **admin.site.each_context(request), "title": parting.title, "parting": parting,
        "opts": model_admin.model._meta, "people": people.order_by("pk")[:MOST_SHOWN],
        "count": count, "others": queryset.count() - count,
        "back": reverse("admin:subscriptions_subscriber_changelist"),
        "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME), "box": ACTION_CHECKBOX_NAME,
        "across": request.POST.get("select_across", ""),
    }  # fmt: skip
    return TemplateResponse(request, TEMPLATE, context)
