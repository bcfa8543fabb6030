"""Taking back people whose mail bounced: asked once more, for one or for many."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from pbrsite.numbers import row_number
from subscriptions.models import Subscriber

METHOD = "bounce undone in the admin"
MOST_SHOWN = 100


def restore_view(request: HttpRequest, model_admin: Any, object_id: str) -> HttpResponse:
    """Ask about one person; POST does it and leads back to their page."""
    if not model_admin.has_restore_permission(request):
        raise PermissionDenied
    person = get_object_or_404(Subscriber, pk=row_number(object_id))
    back = reverse("admin:subscriptions_subscriber_change", args=[person.pk])
    if request.method == "POST":
        restore(request, model_admin, Subscriber.objects.filter(pk=person.pk))
        return HttpResponseRedirect(back)
    return ask(request, model_admin, Subscriber.objects.filter(pk=person.pk), back=back)


def restore_action(
    request: HttpRequest, model_admin: Any, queryset: QuerySet[Subscriber]
) -> HttpResponse | None:
    """Ask about those chosen in the list; the answer comes back to the same action."""
    if "sure" in request.POST:
        restore(request, model_admin, queryset)
        return None
    back = reverse("admin:subscriptions_subscriber_changelist")
    return ask(request, model_admin, queryset, back=back)


def restore(request: HttpRequest, model_admin: Any, people: QuerySet[Subscriber]) -> None:
    """Take back whom it is possible for, each with a line in the log; say how many."""
    now, done = timezone.now(), 0
    for person in people:
        if person.restore(at=now, method=METHOD):
            model_admin.log_change(request, person, f"Took back: now {person.get_state_display()}.")
            done += 1
    if done:
        messages.success(request, f"Taken back: {done}.")
    if left := people.count() - done:
        messages.warning(
            request,
            f"Left as they are: {left}. Only who bounced is taken back, and never who complained "
            "or was erased.",
        )


def ask(
    request: HttpRequest, model_admin: Any, people: QuerySet[Subscriber], *, back: str
) -> HttpResponse:
    bounced = people.filter(state=Subscriber.State.BOUNCED)
    context = {
        **admin.site.each_context(request),
        "title": "Take back people whose mail bounced", "opts": model_admin.model._meta,
        "people": bounced.order_by("pk")[:MOST_SHOWN], "count": bounced.count(),
        "others": people.count() - bounced.count(), "back": back,
        "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME), "box": ACTION_CHECKBOX_NAME,
        "across": request.POST.get("select_across", ""),
    }  # fmt: skip
    return TemplateResponse(request, "admin/subscriptions/subscriber/restore.html", context)
