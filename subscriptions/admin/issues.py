"""The desk for issues and the ledger of their deliveries."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

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
class IssueAdmin(ReadOnly):
    list_display = ["__str__", "state_chip", "audience", "sent", "still_open", "problems",
                    "frozen_at"]  # fmt: skip
    list_filter = ["kind", "state"]
    date_hierarchy = "local_date"
    list_per_page = 25
    show_full_result_count = False
    actions = ["pause", "resume"]
    readonly_fields = [
        "kind", "local_date", "state", "pause_reason", "scheduled_for", "cutoff", "frozen_at",
        "done_at", "accounting", "ledger", "subject", "text_as_sent",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Issue]:
        return Issue.objects.defer("html")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return IssueList

    def has_pause_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.pause_issue")

    @admin.display(description="state", ordering="state")
    def state_chip(self, issue: Issue) -> SafeString:
        return chip(issue.state, issue.get_state_display())

    @admin.display(description="accounting")
    def accounting(self, issue: Issue) -> str:
        return Issue.objects.with_accounting().get(pk=issue.pk).account()

    @admin.display(description="ledger")
    def ledger(self, issue: Issue) -> SafeString:
        url = reverse("admin:subscriptions_delivery_changelist")
        return format_html('<a href="{}?issue__id__exact={}">Every recipient</a>', url, issue.pk)

    @admin.display(description="text")
    def text_as_sent(self, issue: Issue) -> SafeString:
        return format_html("<pre>{}</pre>", issue.text)

    @admin.action(description="Pause sending", permissions=["pause"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Issue]) -> None:
        done = sum(issue.pause(reason=f"paused by {request.user}") for issue in queryset)
        messages.success(request, f"Paused: {done}.")

    @admin.action(description="Resume sending", permissions=["pause"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Issue]) -> None:
        now = timezone.now()
        done = sum(issue.resume(at=now) for issue in queryset)
        messages.success(request, f"Resumed: {done}. The next ring of the clock goes on.")

    @admin.display(description="audience")
    def audience(self, issue: Any) -> int:
        return int(issue.audience)

    @admin.display(description="sent")
    def sent(self, issue: Any) -> int:
        return int(issue.sent_count)

    @admin.display(description="open")
    def still_open(self, issue: Any) -> int:
        return int(issue.still_open)

    @admin.display(description="ended otherwise", empty_value="–")
    def problems(self, issue: Issue) -> str | None:
        return issue.problems() or None


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
