"""The desk for subscribers and issues. What changes a state goes through the model's verbs."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from subscriptions import explanation, signup, tasks
from subscriptions.forms import normalise
from subscriptions.models import (
    ConsentEvent,
    Delivery,
    Issue,
    MailRequest,
    Subscriber,
    Suppression,
)

STAFF = ConsentEvent.Actor.STAFF
_TONES = {
    "good": {"active", "sent", "done"},
    "warn": {"paused", "retry", "skipped_late", "expired", "unknown"},
    "bad": {"bounced", "complained", "rejected"},
}


class ReadOnly(admin.ModelAdmin):
    """Records are looked at, never typed; `readonly_fields` are those shown."""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AddSubscriberForm(forms.ModelForm):
    class Meta:
        model = Subscriber
        fields = ["email", "frequency", "topics"]
        help_texts = {"email": "A confirmation is mailed; nothing else goes out before it."}

    def clean_email(self) -> str:
        email = normalise(self.cleaned_data["email"])
        if Suppression.reason_for(email):
            raise forms.ValidationError("This address asked to be left alone, or bounced.")
        if Subscriber.objects.with_address(email).exists():
            raise forms.ValidationError("This address is in the list already.")
        return email


class ConsentEventInline(admin.TabularInline):
    model = ConsentEvent
    readonly_fields = ["at", "from_state", "to_state", "actor", "method", "wording", "page"]
    fields = ["at", "from_state", "to_state", "actor", "method", "wording", "page"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Subscriber)
class SubscriberAdmin(admin.ModelAdmin):
    list_display = ["email_or_number", "state_chip", "frequency", "active_since", "created_at"]
    list_filter = ["state", "frequency", ("topics", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["email"]
    search_help_text = "A whole address or a part of it"
    list_per_page = 50
    show_full_result_count = False
    autocomplete_fields = ["topics"]
    actions = ["unsubscribe", "erase"]
    readonly_fields = ["email", "state", "paused_until", "active_since", "created_at", "mail"]
    shown = ["email", "state", "frequency", "topics", "paused_until", "active_since",
              "created_at", "mail"]  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Subscriber | None = None) -> Any:
        return self.shown if obj else AddSubscriberForm.Meta.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Subscriber | None = None) -> Any:
        if obj is None:
            return []
        # Who has left chooses anew by signing up; the verb would refuse it.
        closed = [] if obj.state in Subscriber.CHOOSING else ["frequency", "topics"]
        return [*self.readonly_fields, *closed]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        if obj is None:
            kw["form"] = AddSubscriberForm
        return super().get_form(request, obj, change, **kw)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [ConsentEventInline] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # Erasing leaves the ledger whole and a suppression behind.

    def has_unsubscribe_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.unsubscribe_subscriber")

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.erase_subscriber")

    def save_model(self, request: HttpRequest, obj: Subscriber, form: Any, change: bool) -> None:
        """Add as pending with a confirmation on its way; change through the verb."""
        now = timezone.now()
        if change:
            fresh = Subscriber.objects.get(pk=obj.pk)
            fresh.choose(frequency=obj.frequency, at=now)
            return
        with transaction.atomic():
            added = signup.add(obj.email, at=now, method="added in the admin", actor=STAFF)
            slugs = [tag.slug for tag in form.cleaned_data["topics"]]
            wanted = MailRequest.objects.create(
                purpose=MailRequest.Purpose.SUBSCRIBE, email=added.email,
                frequency=obj.frequency, tags=slugs, at=now,
            )  # fmt: skip
            tasks.defer_answer(wanted.pk)
        obj.pk = added.pk
        obj.refresh_from_db()

    @admin.display(description="e-mail address", ordering="email")
    def email_or_number(self, subscriber: Subscriber) -> str:
        return _address(subscriber)

    @admin.display(description="state", ordering="state")
    def state_chip(self, subscriber: Subscriber) -> SafeString:
        return _chip(subscriber.state, subscriber.get_state_display())

    @admin.display(description="why did, or didn't, they get it?")
    def mail(self, subscriber: Subscriber) -> SafeString:
        """Return the last issues and what became of each for this person."""
        rows = format_html_join(
            "",
            '<tr><th scope="row"><a href="{}">{}</a></th><td>{}</td><td>{}</td><td>{}</td></tr>',
            (
                (reverse("admin:subscriptions_issue_change", args=[line.issue.pk]), line.issue,
                 _chip(line.state, line.state), line.words,
                 f"{timezone.localtime(line.at):%-d %b %Y, %H:%M}")
                for line in explanation.explain(subscriber)
            ),
        )  # fmt: skip
        return format_html("<table><tbody>{}</tbody></table>", rows) if rows else SafeString("–")

    @admin.action(description="Unsubscribe", permissions=["unsubscribe"])
    def unsubscribe(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        now = timezone.now()
        done = sum(one.leave(at=now, method="admin", actor=STAFF) for one in queryset)
        messages.success(request, f"Unsubscribed: {done}.")

    @admin.action(description="Erase for good", permissions=["erase"])
    def erase(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        now = timezone.now()
        done = sum(one.erase(at=now, method="admin", actor=STAFF) for one in queryset)
        messages.success(request, f"Erased: {done}.")


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
        return _chip(issue.state, issue.get_state_display())

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
        return _address(delivery.subscriber)

    @admin.display(description="state", ordering="state")
    def state_chip(self, delivery: Delivery) -> SafeString:
        return _chip(delivery.state, delivery.get_state_display())


@admin.register(Suppression)
class SuppressionAdmin(ReadOnly):
    """Addresses to be left alone, as keyed hashes. Deleting one undoes it."""

    list_display = ["__str__", "reason", "at"]
    list_filter = ["reason"]
    readonly_fields = ["reason", "at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("subscriptions.delete_suppression")


def _address(subscriber: Subscriber) -> str:
    return subscriber.email or f"erased {subscriber.pk}"


def _chip(state: str, label: str) -> SafeString:
    tone = next((tone for tone, states in _TONES.items() if state in states), "plain")
    return format_html('<span class="chip chip--{}">{}</span>', tone, label)
