"""Proofs: a post's page as readers will get it, for the eyes of the desk and its reviewers.

The page is the public template's own output. What is added afterwards makes it a proof: a mark on
top, forms that cannot be sent, links that open beside it, and pictures with a pass.
"""

import re
from typing import Any

from csp.constants import NONE, SELF
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from lxml import html

from pbrsite.mail import absolute

LINKING = ("src", "srcset", "href", "poster", "content")
# No script runs and nothing is sent; links may open a tab of their own.
SANDBOX = ["allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox"]
POLICY = {
    "script-src": [NONE],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "form-action": [NONE],
    "frame-ancestors": [SELF],
    "sandbox": SANDBOX,
}


def proof(
    request: HttpRequest, context: dict[str, Any], *, banner: str, media_pass: str
) -> HttpResponse:
    """Return the page of `context["post"]`, kept by nobody and found by no search engine."""
    canonical = {"canonical_url": absolute(context["post"].get_absolute_url())}
    page = render_to_string("posts/post_detail.html", context | canonical, request)
    response = HttpResponse(
        as_proof(page, banner=banner, media_pass=media_pass),
        headers={
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex, nofollow",
            "X-Frame-Options": "SAMEORIGIN",
        },
    )
    response._csp_replace = POLICY  # type: ignore[attr-defined]  # As csp's decorators do.
    return response


def as_proof(page: str, *, banner: str, media_pass: str) -> str:
    """Return the page with the mark on top, inert forms, and the pass on every picture of ours."""
    root = html.document_fromstring(page)
    for script in list(root.iter("script")):
        if script.get("src"):  # It would not run.
            script.drop_tree()
    for element in root.iter("form"):
        element.set("inert", "")
    for link in root.iter("a"):
        if not link.get("href", "#").startswith("#"):
            link.set("target", "_blank")
            link.set("rel", "noopener noreferrer")
    for element in root.iter(html.etree.Element):
        for name in LINKING:
            if settings.MEDIA_URL in element.get(name, ""):
                element.set(name, _with_pass(element.get(name), media_pass))
    style = html.Element("link", rel="stylesheet", href=static("pbrsite/preview.css"))
    root.head.append(style)
    root.body.insert(0, html.fragment_fromstring(banner.strip()))
    return str(html.tostring(root, encoding="unicode", doctype="<!doctype html>"))


def _with_pass(addresses: str, media_pass: str) -> str:
    def sign(found: re.Match[str]) -> str:
        separator = "&" if "?" in found[0] else "?"
        return f"{found[0]}{separator}pass={media_pass}"

    ours = rf"(?:{re.escape(settings.SITE_URL)})?{re.escape(settings.MEDIA_URL)}"
    return re.sub(rf"(?:^|(?<=[\s,])){ours}[^\s,]+", sign, addresses)
