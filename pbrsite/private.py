"""Answers for one person alone: kept by no cache, found by no search, told to no other site."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def private_page(*, referrer: str) -> Callable[[View[P]], View[P]]:
    """Return a decorator for pages that a secret link opens.

    `referrer` says to whom the link's secret may be told: "no-referrer", or "same-origin" where
    the page's own forms have to say where they come from.
    """

    def decorator(view: View[P]) -> View[P]:
        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            response = view(request, *args, **kwargs)
            response["Cache-Control"] = "private, no-store"
            response["X-Robots-Tag"] = "noindex"
            response["Referrer-Policy"] = referrer
            return response

        return guarded

    return decorator
