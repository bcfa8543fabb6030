"""What comes before every view: the answers to supervisors, and the content security policy."""

from collections.abc import Callable

from csp.constants import HEADER
from csp.middleware import CSPMiddleware, PolicyParts
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import cached_property

from pbrsite import health


class HealthChecks:
    """Answer `/healthz` and `/readyz` before anything that may be what is broken.

    A supervisor on the same machine asks by address, without HTTPS and without the site's name.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.checks = {"/healthz": health.healthz, "/readyz": health.readyz}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.checks.get(request.path_info, self.get_response)(request)


class ContentSecurityPolicy(CSPMiddleware):
    """Strict on public pages, wider in the admin by path."""

    @cached_property
    def public_policy(self) -> str:
        return build_policy()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Set the header; the policy of a public page is put together once, not for each."""
        own = {"_csp_config", "_csp_replace", "_csp_update", "_csp_exempt"} & vars(response).keys()
        if own or settings.DEBUG or request.path_info.startswith("/admin/"):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.public_policy)
        return response

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith("/admin/"):
            parts.replace = {**settings.ADMIN_CONTENT_SECURITY_POLICY, **(parts.replace or {})}
        return parts
