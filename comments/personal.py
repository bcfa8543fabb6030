"""Pages a mailed link opens: confirm an address, mute the notices, see and erase what is kept.

A GET shows and changes nothing (mail scanners follow links); only a POST does.
"""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from comments import confirmations, dossiers, identities, replies, trust
from comments.forms import FindForm
from comments.identities import Identity, InvalidLinkError, UsedLinkError
from pbrsite import rates
from pbrsite.forms import public_post
from pbrsite.private import private_page

REQUESTS_PER_HOUR = 30  # Of one network.

safe_or_post = require_http_methods(["GET", "HEAD", "POST"])


@csrf_exempt
@safe_or_post
@private_page(referrer="same-origin")
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button and what it vouches for; POST confirms, and this browser is known."""
    try:
        identity, is_remembered = identities.of_confirm_token(token)
    except InvalidLinkError:
        return render(request, "comments/link_expired.html", status=410)
    except UsedLinkError:
        return render(request, "comments/already_confirmed.html")
    if request.method == "POST":
        return _confirm(request, identity, is_remembered)
    shown = [(confirmations.mark_of(one), one) for one in confirmations.unproven(identity)]
    return render(request, "comments/confirm.html", {"comments": shown})


@public_post
def _confirm(request: HttpRequest, identity: Identity, is_remembered: bool) -> HttpResponse:
    try:
        confirmations.confirm(
            identity,
            is_remembered=is_remembered,
            shown=request.POST.getlist("shown"),
            not_mine=request.POST.getlist("not_mine"),
            now=timezone.now(),
        )
    except Identity.DoesNotExist:  # Erased since the link was read.
        return render(request, "comments/link_expired.html", status=410)
    except UsedLinkError:  # By a second click of that moment.
        return render(request, "comments/already_confirmed.html")
    response = render(request, "comments/confirmed.html")
    response.set_cookie(
        trust.COOKIE,
        identity.cookie,
        max_age=identities.REMEMBERED_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


@csrf_exempt
@safe_or_post
@private_page(referrer="same-origin")
def mute(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button, any POST mutes.

    RFC 8058: a POST with `List-Unsubscribe=One-Click` needs no cookie, gets no redirect, and the
    answer comes after the commit. Who is forgotten by now gets the answer that is true of them.
    """
    try:
        identity = identities.of_mute_token(token)
    except InvalidLinkError as error:
        raise Http404 from error
    is_muted = identity is None or not identity.is_reachable
    if request.method == "POST" and identity:
        replies.mute(identity, now=timezone.now())
        is_muted = True  # Also when its owner had it erased meanwhile.
    return render(request, "comments/mute.html", {"is_muted": is_muted})


@csrf_exempt
@safe_or_post
def find(request: HttpRequest) -> HttpResponse:
    """Ask for an address and have the link mailed there."""
    if request.method == "POST":
        return _take_address(request)
    return render(request, "comments/find.html", {"form": FindForm()})


@public_post
def _take_address(request: HttpRequest) -> HttpResponse:
    """Write one row and answer 303, the same whatever is known of the address; 422 for none."""
    form = FindForm(request.POST)
    if not form.is_valid():
        return render(request, "comments/find.html", {"form": form}, status=422)
    now, key = timezone.now(), f"comments.links.network:{rates.network(request)}"
    is_allowed = rates.take(key, size=REQUESTS_PER_HOUR, per=dossiers.GOOD_FOR, now=now)
    if is_allowed and not form.is_trapped:
        dossiers.request_link(form.cleaned_data["email"], now=now)
    response = HttpResponseRedirect(reverse("comments:check_mail"))
    response.status_code = 303
    return response


@require_safe
def check_mail(request: HttpRequest) -> HttpResponse:
    """Say the one thing that is true in every case."""
    return render(request, "comments/check_mail.html")


@csrf_exempt
@safe_or_post
@private_page(referrer="same-origin")
def dossier(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is kept about the address, hand it out as a file, or erase it."""
    email = dossiers.address_of(token, now=timezone.now())
    if email is None:
        return render(request, "comments/link_expired.html", status=410)
    if request.method == "POST":
        return _act(request, email)
    return _show(request, email)


@public_post
def _act(request: HttpRequest, email: str) -> HttpResponse:
    choice = request.POST.get("choice", "")
    if choice == "export":
        response = JsonResponse(dossiers.contents(email), json_dumps_params={"indent": 2})
        response["Content-Disposition"] = 'attachment; filename="comments.json"'
        return response
    if choice == "erase" and request.POST.get("sure"):
        count = dossiers.erase(email, now=timezone.now())
        gone = render(request, "comments/erased.html", {"count": count})
        gone.delete_cookie(trust.COOKIE)
        return gone
    return _show(request, email, status=422, asks_to_be_sure=choice == "erase")


def _show(
    request: HttpRequest, email: str, *, status: int = 200, asks_to_be_sure: bool = False
) -> HttpResponse:
    context = {
        "email": email,
        "comments": dossiers.comments_of(email),
        "mute_url": dossiers.mute_path(email),
        "asks_to_be_sure": asks_to_be_sure,
    }
    return render(request, "comments/dossier.html", context, status=status)
