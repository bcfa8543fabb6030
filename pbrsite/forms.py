"""What every public form shares: the bot traps, the same-origin rule, a POST without cookies."""

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

QUICKEST = timedelta(seconds=3)
OLDEST = timedelta(days=1)


class HoneypotForm(forms.Form):
    """A form with a honeypot. After `is_valid()`, `is_trapped` tells whether it was filled."""

    url = forms.CharField(required=False, label="Leave this empty")
    # The honeypot's own name is one that bots fill in and browsers do not.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["url"].widget.attrs |= {"tabindex": "-1", "autocomplete": "off"}

    @property
    def is_trapped(self) -> bool:
        return bool(self.cleaned_data.get("url"))


class TrapForm(HoneypotForm):
    """A form with a honeypot and a signed render time.

    `subject_of_form` binds the signed time to one page (a post's pk, say): a token taken from one
    form is worth nothing in another. After `is_valid()`, read `is_hasty` (sent within three
    seconds) and `is_stale` (no, forged or day-old token) too.
    """

    rendered = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, subject_of_form: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.salt = self.salt_of(subject_of_form)
        # Rendered afresh also when the form comes back with errors.
        self.render_token = self.token_of(subject_of_form)

    @classmethod
    def salt_of(cls, subject_of_form: str) -> str:
        return f"pbrsite.forms.{cls.__name__}.{subject_of_form}"

    @classmethod
    def token_of(cls, subject_of_form: str) -> str:
        """Return a render time signed now, for a form whose HTML is known already."""
        return signing.dumps(timezone.now().timestamp(), salt=cls.salt_of(subject_of_form))

    @property
    def age(self) -> timedelta | None:
        """Return how long ago the form was rendered; None when the token is missing or forged."""
        try:
            stamp = signing.loads(self.data.get("rendered", ""), salt=self.salt)
            return timezone.now() - datetime.fromtimestamp(
                stamp, tz=timezone.get_default_timezone()
            )
        except (signing.BadSignature, TypeError, ValueError):
            return None

    @property
    def is_hasty(self) -> bool:
        return self.age is not None and self.age < QUICKEST

    @property
    def is_stale(self) -> bool:
        return self.age is None or self.age > OLDEST


def is_same_origin(request: HttpRequest) -> bool:
    """Return whether this POST comes from a page of ours, as the browser itself says.

    Follows Fetch Metadata (`Sec-Fetch-Site`) and, for older browsers, `Origin`, then `Referer`. A
    request with none of them is not from a cross-site page in any browser and is let through.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site in {"same-origin", "none"}
    source = request.headers.get("Origin") or request.headers.get("Referer")
    if not source:
        return True
    try:
        host = urlsplit(source).netloc
    except ValueError:  # No browser sends what is no address at all.
        return False
    return host in {request.get_host(), urlsplit(settings.SITE_URL).netloc}


def public_post(view: View[P]) -> View[P]:
    """Take a POST from our own pages without cookie or CSRF token; 403 for other sites' pages."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not is_same_origin(request):
            return HttpResponseForbidden(render(request, "403.html").content)
        return view(request, *args, **kwargs)

    return csrf_exempt(require_POST(guarded))
