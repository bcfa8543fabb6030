"""The deliverability panel: how the mail fares, in place of a list of self-checks."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from pbrsite import queueing
from subscriptions import tasks
from subscriptions.admin.records import ReadOnly
from subscriptions.deliverability import alarms, domains, selfmail
from subscriptions.deliverability.domains import Figures
from subscriptions.deliverability.selfchecks import SelfCheck

LOCK = "subscriptions.check_mail_now"
CHECKS_SHOWN = 7
LEAST_SCALE = 2.0  # per cent: a bar that fills its frame stands for this much or more
BAR, ROW = 100, 8  # the frame of a bar, and the height of one kind


@admin.register(SelfCheck)
class SelfCheckAdmin(ReadOnly):
    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("subscriptions.view_deliverability")

    def has_run_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.run_selfcheck")

    def get_urls(self) -> list[Any]:
        run = self.admin_site.admin_view(require_POST(self.run_view))
        return [path("run/", run, name="subscriptions_selfcheck_run"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the panel; six queries, seven when people complained, at any number of people."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        rows = domains.by_domain(now)
        context = {
            **self.admin_site.each_context(request),
            "title": "How the mail is delivered", "opts": self.model._meta,
            "alarms": alarms.current(now),
            "checks": [(one, one.problems(now)) for one in SelfCheck.objects.all()[:CHECKS_SHOWN]],
            "can_run": self.has_run_permission(request) and selfmail.is_possible(),
            "is_possible": selfmail.is_possible(),
            "rows": [(row, _bars(row, _scale(rows))) for row in rows], "scale": _scale(rows),
            "refusals": alarms.refusals(now), "sources": alarms.sources(),
            "mailbox": bool(settings.BOUNCE_MAILBOX), "providers": sorted(settings.WEBHOOK_SECRETS),
            "fewest": domains.FEWEST,
        }  # fmt: skip
        return TemplateResponse(request, "admin/subscriptions/selfcheck/panel.html", context)

    def run_view(self, request: HttpRequest) -> HttpResponse:
        """Have the worker write to the site itself, unless such a mail is on its way."""
        if not self.has_run_permission(request):
            raise PermissionDenied
        now = timezone.now()
        waiting = SelfCheck.objects.filter(arrived_at=None, trouble="")
        if not selfmail.is_possible():
            messages.error(request, "Set BOUNCE_ADDRESS and BOUNCE_MAILBOX first.")
        elif waiting.exclude(pk__in=SelfCheck.objects.overdue(now)).exists():
            messages.warning(request, "One is on its way already. Wait until it has arrived.")
        elif not queueing.defer_once(tasks.check_mail_now.configure(queueing_lock=LOCK), lock=LOCK):
            messages.warning(request, "One is asked for already, and waits for the worker.")
        else:
            messages.success(
                request, "A mail to the site itself is on its way. Look again in ten minutes."
            )
        return HttpResponseRedirect(reverse("admin:subscriptions_selfcheck_changelist"))


def _scale(rows: list[Figures]) -> float:
    """Return the per cent at which a bar is full, the same for all rows."""
    return max([LEAST_SCALE, *(share for row in rows for _, _, share in row.shares)])


def _bars(row: Figures, scale: float) -> list[dict[str, Any]]:
    """Return the bars of one domain as SVG measures."""
    return [
        {"name": name, "count": count, "share": f"{share:.2f}", "y": index * ROW,
         "width": round(max(BAR * share / scale, 1.0 if count else 0.0), 1)}
        for index, (name, count, share) in enumerate(row.shares)
    ]  # fmt: skip
