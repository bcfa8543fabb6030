"""Why did, or didn't, this address get it? One address, one screen."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from pbrsite.characters import printable
from subscriptions import explanation
from subscriptions.addresses import ImpossibleAddress
from subscriptions.admin.records import ReadOnly, chip

TEMPLATE = "admin/subscriptions/issue/why.html"


class Explaining(ReadOnly):
    """Adds that page to the issues' admin. The address is posted: no log of requests keeps it."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.why_view)
        return [path("why/", view, name="subscriptions_issue_why"), *super().get_urls()]

    def has_explain_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.view_subscriber")

    @method_decorator([
        require_http_methods(["GET", "HEAD", "POST"]), never_cache, sensitive_post_parameters(),
    ])  # fmt: skip
    def why_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_explain_permission(request):
            raise PermissionDenied
        typed = printable(request.POST.get("address", "")).strip()[:320]
        answer, problem = None, ""
        if request.method == "POST":
            try:
                answer = explanation.answer(typed, timezone.now())
            except ImpossibleAddress as error:
                problem = str(error) or "That is no e-mail address. Type it as name@example.org."
        context = {
            **self.admin_site.each_context(request), "opts": self.opts,
            "title": "Why did, or didn't, this address get it?",
            "typed": typed, "answer": answer, "problem": problem,
            "lines": [(line, chip(line.state, line.label)) for line in answer.lines]
            if answer else [],
        }  # fmt: skip
        return TemplateResponse(request, TEMPLATE, context, status=422 if problem else 200)
