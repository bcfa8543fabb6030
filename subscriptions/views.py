"""Public pages of sign-up: subscribe, confirm, leave. Nothing here looks a person up by address."""

from datetime import timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from pbrsite import rates
from pbrsite.forms import public_post
from posts.models import Tag
from subscriptions import noon, tasks, tokens
from subscriptions.forms import FindForm, SubscribePageForm
from subscriptions.models import Kind, MailRequest, Subscriber
from subscriptions.private import private_page

PAUSE = timedelta(days=30)
REQUESTS_PER_HOUR = 30  # of one network

safe_or_post = require_http_methods(["GET", "HEAD", "POST"])


@csrf_exempt
@safe_or_post
def subscribe(request: HttpRequest) -> HttpResponse:
    """Show the form as a page; take it from any page."""
    return _take_subscription(request) if request.method == "POST" else _show_form(request)


@public_post
def _take_subscription(request: HttpRequest) -> HttpResponse:
    """Write one row and answer 303, the same whatever is known of the address; 422 for none."""
    form = SubscribePageForm(request.POST, topics=[])
    if not form.is_valid():
        return _show_form(request, SubscribePageForm(request.POST, topics=_topics()), status=422)
    values = {name: form.cleaned_data[name] for name in ("email", "frequency", "tags")}
    _enqueue(request, MailRequest(purpose=MailRequest.Purpose.SUBSCRIBE,
                                  is_trapped=form.is_trapped, **values))  # fmt: skip
    return _see_other(reverse("subscriptions:check_mail"))


def _show_form(
    request: HttpRequest, form: SubscribePageForm | None = None, *, status: int = 200
) -> HttpResponse:
    if form is None:
        chosen = request.GET.getlist("tags")
        form = SubscribePageForm(topics=_topics(), initial={"tags": chosen, "frequency": "daily"})
    return render(request, "subscriptions/subscribe.html", {"form": form}, status=status)


@require_safe
def check_mail(request: HttpRequest) -> HttpResponse:
    """Say the one thing that is true in every case."""
    return render(request, "subscriptions/check_mail.html")


@csrf_exempt
@safe_or_post
@private_page
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, POST confirms. A mail scanner that follows links changes nothing."""
    now = timezone.now()
    subscriber = Subscriber.objects.filter(confirm_digest=tokens.digest_of(token)).first()
    if subscriber is None:
        raise Http404
    is_new = False
    if not subscriber.is_confirmed():
        if subscriber.is_confirmation_expired(now):
            return _expired(request, subscriber)
        if request.method == "POST":
            is_new = subscriber.confirm(at=now, page="/subscribe/confirm/")
    context = {
        "is_confirmed": subscriber.is_confirmed(),
        "is_new": is_new,
        "first_mail": noon.first_mail(subscriber.frequency, now),
    }
    return render(request, "subscriptions/confirm.html", context)


def _expired(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    """Offer a new link; it goes to the address the old one was for."""
    if request.method != "POST":
        return render(request, "subscriptions/confirm_expired.html", status=410)
    wanted = MailRequest(
        purpose=MailRequest.Purpose.SUBSCRIBE, email=subscriber.email,
        frequency=subscriber.frequency, tags=list(subscriber.topics.values_list("slug", flat=True)),
    )  # fmt: skip
    _enqueue(request, wanted)
    return _see_other(reverse("subscriptions:check_mail"))


@csrf_exempt
@safe_or_post
@private_page
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
    done = ""
    if request.method == "POST":
        done = _leave(request, subscriber) if subscriber else "left"
    context = {
        "subscriber": subscriber,
        "done": done,
        "is_gone": subscriber is None or not subscriber.is_confirmed(),
        "weekly": Kind.WEEKLY,
    }
    return render(request, "subscriptions/leave.html", context)


def _leave(request: HttpRequest, subscriber: Subscriber) -> str:
    """Do what the form says; return what was done: left, paused or weekly."""
    now, choice = timezone.now(), request.POST.get("choice", "")
    if choice == "pause" and subscriber.is_confirmed():
        subscriber.pause(until=now + PAUSE, at=now, method="unsubscribe page")
        return "paused"
    if choice == "weekly" and subscriber.is_confirmed():
        return "weekly" if subscriber.choose(frequency=Kind.WEEKLY, at=now) else "left"
    is_one_click = request.POST.get("List-Unsubscribe") == "One-Click"
    subscriber.leave(at=now, method="one-click" if is_one_click else "unsubscribe page")
    return "left"


@csrf_exempt
@safe_or_post
def find(request: HttpRequest) -> HttpResponse:
    """Ask for an address and have the preference link mailed there."""
    if request.method == "POST":
        return _take_address(request)
    return render(request, "subscriptions/find.html", {"form": FindForm()})


@public_post
def _take_address(request: HttpRequest) -> HttpResponse:
    form = FindForm(request.POST)
    if not form.is_valid():
        return render(request, "subscriptions/find.html", {"form": form}, status=422)
    wanted = MailRequest(purpose=MailRequest.Purpose.MANAGE, email=form.cleaned_data["email"],
                         is_trapped=form.is_trapped)  # fmt: skip
    _enqueue(request, wanted)
    return _see_other(reverse("subscriptions:check_mail"))


def _enqueue(request: HttpRequest, wanted: MailRequest) -> None:
    """Store the request for its job, unless this network has asked often enough."""
    now = timezone.now()
    key = f"subscriptions.network:{rates.network(request)}"
    if not rates.take(key, size=REQUESTS_PER_HOUR, per=timedelta(hours=1), now=now):
        return
    wanted.at, wanted.page = now, _page_of(request)
    with transaction.atomic():
        wanted.save()
        tasks.answer.defer(request_id=wanted.pk)


def _page_of(request: HttpRequest) -> str:
    """Return the path of the page the form was on; its query may hold what somebody looked for."""
    try:
        return urlsplit(request.headers.get("Referer", "")).path[:200]
    except ValueError:
        return ""


def _topics() -> list[Tag]:
    return list(Tag.objects.filter(is_in_navigation=True))


def _see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response
