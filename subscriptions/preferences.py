"""The preference page behind a mailed link: how often, about what, pause, export, leave, erase."""

from datetime import datetime, time
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from pbrsite.private import private_page
from subscriptions import disclosure, leaving, tokens
from subscriptions.forms import PreferencesForm
from subscriptions.models import Subscriber

METHOD = "preference page"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@private_page(referrer="no-referrer")
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """Show the preferences, or do what one of the page's forms asks."""
    subscriber = _subscriber_of(token)
    if subscriber is None:
        return render(request, "subscriptions/preferences_expired.html", status=410)
    if request.method != "POST":
        return _page(request, subscriber, PreferencesForm(instance=subscriber))
    choice = request.POST.get("choice", "")
    if choice == "export":
        return _export(subscriber)
    if choice in {"leave", "close"} or (choice == "erase" and request.POST.get("sure")):
        return _part(request, subscriber, choice)
    return _save(request, subscriber)


def _subscriber_of(token: str) -> Subscriber | None:
    try:
        key = tokens.read_manage(token, now=timezone.now())
    except tokens.InvalidToken:
        return None
    found = Subscriber.objects.exclude(state=Subscriber.State.ERASED)
    return found.filter(pk=key.subscriber_id, epoch=key.epoch).first()


def _page(
    request: HttpRequest, subscriber: Subscriber, form: PreferencesForm, *, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "subscriber": subscriber,
        "is_saved": "saved" in request.GET and status == 200,
        "asks_to_be_sure": request.POST.get("choice") == "erase",
    }
    return render(request, "subscriptions/preferences.html", context, status=status)


def _save(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    if request.POST.get("choice") == "erase":
        return _page(request, subscriber, PreferencesForm(instance=subscriber), status=422)
    form = PreferencesForm(request.POST, instance=subscriber)
    if not form.is_valid():
        return _page(request, subscriber, form, status=422)
    _apply(Subscriber.objects.get(pk=subscriber.pk), form.cleaned_data)
    response = HttpResponseRedirect(f"{request.path}?saved")
    response.status_code = 303
    return response


def _apply(subscriber: Subscriber, wanted: dict[str, Any]) -> None:
    now, day = timezone.now(), wanted["pause_until"]
    subscriber.choose(frequency=wanted["frequency"], topics=wanted["topics"], at=now)
    if day:
        until = datetime.combine(day, time(), tzinfo=settings.ZONE)
        subscriber.pause(until=until, at=now, method=METHOD)
    else:
        subscriber.resume(at=now, method=METHOD)


def _part(request: HttpRequest, subscriber: Subscriber, choice: str) -> HttpResponse:
    context: dict[str, Any] = {"done": choice}
    if choice == "erase":
        subscriber.erase(at=timezone.now(), method=METHOD)
    elif choice == "close":
        subscriber.revoke_links()
    else:
        context["way_back"] = leaving.say_goodbye(subscriber, timezone.now(), method=METHOD)
    return render(request, "subscriptions/parted.html", context)


def _export(subscriber: Subscriber) -> HttpResponse:
    """Return everything kept about the person, as a file."""
    content = disclosure.everything_about(subscriber)
    response = JsonResponse(content, json_dumps_params={"indent": 2})
    response["Content-Disposition"] = 'attachment; filename="subscription.json"'
    return response
