"""The page behind the unsubscribe link of every mail, and the way back for half an hour."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from pbrsite.private import private_page
from subscriptions import tokens
from subscriptions.models import Kind, Subscriber

PAUSE = timedelta(days=30)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@private_page(referrer="no-referrer")
def leave(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the choices; POST unsubscribes, or does the milder thing that was chosen.

    RFC 8058: a POST with `List-Unsubscribe=One-Click` needs no cookie and no log-in, gets no
    redirect, and the answer comes after the commit. Any other POST without a choice means the same.
    """
    try:
        key = tokens.read_leave(token)
    except tokens.InvalidToken as error:
        raise Http404 from error
    subscriber = Subscriber.objects.filter(pk=key.subscriber_id).first()
    context: dict[str, Any] = {"done": ""}
    if request.method == "POST":
        context = _act(request, subscriber) if subscriber else {"done": "left"}
    context |= {
        "subscriber": subscriber,
        "is_gone": subscriber is None or not subscriber.is_confirmed(),
        "weekly": Kind.WEEKLY,
    }
    return render(request, "subscriptions/leave.html", context)


def _act(request: HttpRequest, subscriber: Subscriber) -> dict[str, Any]:
    """Do what the form says; return what was done: left, paused, weekly, back or late."""
    now, choice = timezone.now(), request.POST.get("choice", "")
    if request.POST.get("List-Unsubscribe") == "One-Click":  # A mail program: it shows no page.
        subscriber.leave(at=now, method="one-click")
        return {"done": "left"}
    if choice == "undo":
        return {"done": _undo(subscriber, request.POST.get("back", ""), now)}
    if subscriber.is_confirmed():
        if choice == "pause":
            subscriber.pause(until=now + PAUSE, at=now, method="unsubscribe page")
            return {"done": "paused"}
        if choice == "weekly" and subscriber.choose(frequency=Kind.WEEKLY, at=now):
            return {"done": "weekly"}
    return {"done": "left", "way_back": say_goodbye(subscriber, now, method="unsubscribe page")}


def say_goodbye(subscriber: Subscriber, now: datetime, *, method: str) -> dict[str, str]:
    """Unsubscribe; return where and with what the page that says so can undo it, {} if nowhere.

    Only who left by this very call is offered a way back: a digest somebody forwarded, whose link
    is pressed afterwards, brings nobody back.
    """
    pause_ends = subscriber.paused_until
    event = subscriber.events.last() if subscriber.leave(at=now, method=method) else None
    if event is None or event.from_state not in Subscriber.CONFIRMED:
        return {}
    back = tokens.way_back(event.pk, paused_until=pause_ends, now=now)
    url = reverse("subscriptions:leave", args=[tokens.leave(subscriber.pk)])
    return {"url": url, "token": back}


def _undo(subscriber: Subscriber, token: str, now: datetime) -> str:
    """Bring the person back to the earlier choice; "late" when the half hour is over."""
    try:
        back = tokens.read_way_back(token, now=now)
    except tokens.InvalidToken:
        return "late"
    subscriber.come_back(back.event_id, paused_until=back.paused_until, at=now)
    return "back" if subscriber.is_confirmed() else "late"
