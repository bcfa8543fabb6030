"""The desk for issues and the ledger of their deliveries."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Media
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from js_asset import Script

from pbrsite.numbers import row_number
from subscriptions import growth
from subscriptions.accounting import account_of, bar, counted
from subscriptions.admin.deeds import Deeds
from subscriptions.admin.explaining import Explaining
from subscriptions.admin.planning import Planning
from subscriptions.admin.records import ReadOnly, address_of, chip
from subscriptions.models import Delivery, Issue


class IssueList(ChangeList):
    """The list with its accounting: the deliveries of this page's issues are counted, no others."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        shown = [issue.pk for issue in self.result_list]
        counted = Issue.objects.filter(pk__in=shown).with_accounting().defer("html", "text")
        issues = {issue.pk: issue for issue in counted}
        self.result_list = [issues[pk] for pk in shown]


@admin.register(Issue)
class IssueAdmin(Planning, Deeds, Explaining):
    list_display = ["name", "state_chip", "account", "audience", "sent", "still_open",
                    "problems", "frozen_at"]  # fmt: skip
    list_filter = ["kind", "state"]
    date_hierarchy = "local_date"
    list_per_page = 25
    show_full_result_count = False
    change_list_template = "admin/subscriptions/issue/change_list.html"
    change_form_template = "admin/subscriptions/issue/change_form.html"
    fields_shown = [
        "kind", "local_date", "scheduled_for", "frozen_at", "done_at", "ledger", "subject",
        "introduction", "text_as_sent",
    ]  # fmt: skip
    readonly_fields = fields_shown

    @property
    def media(self) -> Media:
        return super().media + Media(js=[Script("pbrsite/admin/issue_progress.js", type="module")])

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.progress_view)
        mine = path("<int:issue_id>/progress/", view, name="subscriptions_issue_progress")
        return [mine, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Issue]:
        return Issue.objects.defer("html")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return IssueList

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leave out the way to people's addresses for who may not see them."""
        may = request.user.has_perm("subscriptions.view_delivery")
        return [name for name in self.fields_shown if may or name != "ledger"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {"growth": growth.last_year(timezone.now()),
                   "may_explain": self.has_explain_permission(request)}  # fmt: skip
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        issue = self.get_object(request, object_id)
        context = progress(issue) if issue else {}
        if issue:
            context["deeds"] = self.deeds_for(request, issue)
        return super().change_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )

    @method_decorator([require_safe, never_cache])
    def progress_view(self, request: HttpRequest, issue_id: int) -> HttpResponse:
        """Answer how far an issue is, for a page that asks again and again; two queries."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        issue = get_object_or_404(Issue.objects.defer("html", "text"), pk=row_number(issue_id))
        shown = progress(issue)
        return JsonResponse({
            "is_moving": shown["is_moving"], "state": issue.get_state_display(),
            "sentence": shown["account"].sentence(), "pace": shown["account"].pace(),
            "parts": {
                part.name: {"x": part.x, "width": part.width, "count": f"{part.count:,}"}
                for part in shown["account"].segments()
            },
        })  # fmt: skip

    @admin.display(description="issue", ordering="-frozen_at")
    def name(self, issue: Issue) -> SafeString:
        """Return its date and its subject: several instant ones may share a date."""
        if not issue.subject:
            return format_html("{}", issue)
        return format_html('{}<span class="quiet issue__subject">{}</span>', issue, issue.subject)

    @admin.display(description="state", ordering="state")
    def state_chip(self, issue: Issue) -> SafeString:
        return chip(issue.state, issue.get_state_display())

    @admin.display(description="accounting")
    def account(self, issue: Issue) -> SafeString:
        return bar(counted(issue))

    @admin.display(description="ledger")
    def ledger(self, issue: Issue) -> SafeString:
        url = reverse("admin:subscriptions_delivery_changelist")
        return format_html('<a href="{}?issue__id__exact={}">Every recipient</a>', url, issue.pk)

    @admin.display(description="text")
    def text_as_sent(self, issue: Issue) -> SafeString:
        return format_html('<pre class="mail-text">{}</pre>', issue.text)

    @admin.display(description="audience")
    def audience(self, issue: Any) -> str:
        return f"{issue.audience:,}"

    @admin.display(description="sent")
    def sent(self, issue: Any) -> str:
        return f"{issue.sent_count:,}"

    @admin.display(description="open")
    def still_open(self, issue: Any) -> str:
        return f"{issue.still_open:,}"

    @admin.display(description="ended otherwise", empty_value="–")
    def problems(self, issue: Issue) -> str | None:
        return issue.problems() or None


def progress(issue: Issue) -> dict[str, Any]:
    """Return what the issue's page shows of its sending; one query."""
    account = account_of(issue, timezone.now())
    return {
        "issue": issue, "account": account, "account_bar": bar(account),
        "is_moving": issue.state == Issue.State.SENDING,
        "state_chip": chip(issue.state, issue.get_state_display()),
    }  # fmt: skip


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly):
    """The ledger, line by line."""

    list_display = ["address", "issue", "state_chip", "attempt", "smtp_reply", "at"]
    list_filter = ["state"]
    search_fields = ["subscriber__email"]
    list_select_related = ["subscriber", "issue"]
    list_per_page = 50
    show_full_result_count = False
    readonly_fields = ["address", "subscriber", "issue", "state", "attempt", "next_at",
                       "smtp_reply", "at"]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("issue__html", "issue__text")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "issue__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="e-mail address", ordering="subscriber__email")
    def address(self, delivery: Delivery) -> str:
        return address_of(delivery.subscriber)

    @admin.display(description="state", ordering="state")
    def state_chip(self, delivery: Delivery) -> SafeString:
        return chip(delivery.state, delivery.get_state_display())
