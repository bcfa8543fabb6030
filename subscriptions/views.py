"""Public pages of sign-up: subscribe, confirm. Nothing here looks a person up by address."""

from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from pbrsite import rates
from pbrsite.forms import public_post
from pbrsite.private import private_page
from posts.models import Tag
from subscriptions import noon, surge, tasks, tokens
from subscriptions.forms import FindForm, SubscribePageForm
from subscriptions.models import CONFIRM_WITHIN, MailRequest, Subscriber

REQUESTS_PER_HOUR = 30  # of one network
COOKIE = "signup"
COOKIE_PATH = "/subscribe/"
CONFIRM_PATH = "/subscribe/confirm/"

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
    mark = tokens.browser(form.cleaned_data["email"])
    _enqueue(request, MailRequest(purpose=MailRequest.Purpose.SUBSCRIBE, browser=mark,
                                  is_trapped=form.is_trapped, **values))  # fmt: skip
    response = _see_other(reverse("subscriptions:check_mail"))
    _mark(response, mark)
    return response


def _mark(response: HttpResponse, mark: str) -> None:
    """Let the browser that filled in the form confirm without a button, until the link expires.

    The cookie goes to the pages of sign-up alone: every other page stays one for everybody.
    """
    response.set_cookie(
        COOKIE, mark, path=COOKIE_PATH, max_age=CONFIRM_WITHIN,
        secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax",
    )  # fmt: skip


def _show_form(
    request: HttpRequest, form: SubscribePageForm | None = None, *, status: int = 200
) -> HttpResponse:
    if form is None:
        chosen = request.GET.getlist("tags")
        form = SubscribePageForm(topics=_topics(), initial={"tags": chosen, "frequency": "daily"})
    return render(request, "subscriptions/subscribe.html", {"form": form}, status=status)


@csrf_exempt
@safe_or_post
def check_mail(request: HttpRequest) -> HttpResponse:
    """Say the one thing that is true in every case; in a surge, take a second step."""
    if request.method == "POST":
        return _take_step(request)
    is_asked = COOKIE in request.COOKIES and surge.is_on(timezone.now())
    response = render(request, "subscriptions/check_mail.html", {"is_asked": is_asked})
    if is_asked:
        response["Cache-Control"] = "private, no-store"
    return response


@public_post
def _take_step(request: HttpRequest) -> HttpResponse:
    surge.step_up(request.COOKIES.get(COOKIE, ""), timezone.now())
    return render(request, "subscriptions/check_mail.html", {"has_stepped": True})


@csrf_exempt
@safe_or_post
@private_page(referrer="no-referrer")
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, POST confirms. A mail scanner that follows links changes nothing.

    To the browser that filled in the form the page comes with a script that presses the button.
    """
    now = timezone.now()
    subscriber = Subscriber.objects.filter(confirm_digest=tokens.digest_of(token)).first()
    if subscriber is None:
        return render(request, "subscriptions/confirm_unknown.html", status=404)
    is_new = False
    if not subscriber.is_confirmed():
        if subscriber.is_confirmation_expired(now):
            return _expired(request, subscriber)
        if request.method == "POST":
            is_new = subscriber.confirm(at=now, page=CONFIRM_PATH)
    context = {
        "is_confirmed": subscriber.is_confirmed(),
        "is_new": is_new,
        "is_own_browser": tokens.is_browser_of(subscriber.email, request.COOKIES.get(COOKIE, "")),
        "first_mail": noon.first_mail(subscriber.frequency, now),
    }
    response = render(request, "subscriptions/confirm.html", context)
    if is_new and COOKIE in request.COOKIES:
        response.delete_cookie(COOKIE, path=COOKIE_PATH, samesite="Lax")
    return response


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
        tasks.defer_answer(wanted.pk)


def _page_of(request: HttpRequest) -> str:
    """Return the path of the page the form was on; its query may hold what somebody looked for."""
    try:
        return urlsplit(request.headers.get("Referer", "")).path[:200]
    except ValueError:
        return ""


def _topics() -> list[Tag]:
    return list(Tag.objects.filter(is_in_navigation=True))


def _see_other(url: str) -> HttpResponse:
    """Return the 303 of every form here, the same for a browser that comes with a cookie."""
    response = HttpResponseRedirect(url)
    response.status_code = 303
    response["Cache-Control"] = "private, no-store"
    return response
