"""The desk for subscribers: found by address, with their history; and who is left alone."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from subscriptions import addresses, explanation, signup, tasks
from subscriptions.addresses import ImpossibleAddress
from subscriptions.admin.exporting import export_view
from subscriptions.admin.importing import import_view
from subscriptions.admin.parting import ERASE, UNSUBSCRIBE, part
from subscriptions.admin.records import ReadOnly, address_of, chip
from subscriptions.admin.restoring import restore_action, restore_view
from subscriptions.forms import normalise
from subscriptions.models import ConsentEvent, MailRequest, Subscriber, Suppression

EVENTS_SHOWN = 20
STAFF = ConsentEvent.Actor.STAFF


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
    fields = readonly_fields = (
        "at", "from_state", "to_state", "actor", "method", "wording", "page", "source", "agreed_at",
    )  # fmt: skip
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
    actions = ["unsubscribe", "close_links", "restore", "erase"]
    change_list_template = "admin/subscriptions/subscriber/change_list.html"
    change_form_template = "admin/subscriptions/subscriber/change_form.html"
    readonly_fields = ["email", "state", "paused_until", "active_since", "created_at",
                       "mail", "came_back"]  # fmt: skip
    shown = ["email", "state", "frequency", "topics", "paused_until", "active_since",
              "created_at", "mail", "came_back"]  # fmt: skip

    def get_urls(self) -> list[Any]:
        mine: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
            ("import/", self.import_view, "import"),
            ("export/", self.export_view, "export"),
            ("<str:object_id>/restore/", self.restore_view, "restore"),
        ]
        wrap = self.admin_site.admin_view
        named = [
            (route, wrap(view), f"subscriptions_subscriber_{name}") for route, view, name in mine
        ]
        return [*(path(route, view, name=name) for route, view, name in named), *super().get_urls()]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        return import_view(request, self)

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        return export_view(request, self)

    def restore_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return restore_view(request, self, object_id)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        context = {
            "can_import": self.has_import_permission(request),
            "can_export": self.has_export_permission(request),
            "can_see_deliverability": request.user.has_perm("subscriptions.view_deliverability"),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        person = kwargs.get("obj")
        is_bounced = person is not None and person.state == Subscriber.State.BOUNCED
        context["can_restore"] = is_bounced and self.has_restore_permission(request)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subscriber], search_term: str
    ) -> tuple[QuerySet[Subscriber], bool]:
        """Find a whole address however its owner writes it: here its domain is in ASCII."""
        with suppress(ImpossibleAddress):
            search_term = addresses.normalise(search_term)
        return super().get_search_results(request, queryset, search_term)

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

    def has_import_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.import_subscriber")

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.export_subscriber")

    def has_restore_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.restore_subscriber")

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
        return address_of(subscriber)

    @admin.display(description="state", ordering="state")
    def state_chip(self, subscriber: Subscriber) -> SafeString:
        return chip(subscriber.state, subscriber.get_state_display())

    @admin.display(description="why did, or didn't, they get it?")
    def mail(self, subscriber: Subscriber) -> SafeString:
        """Return the last issues and what became of each for this person."""
        rows = format_html_join(
            "",
            '<tr><th scope="row"><a href="{}">{}</a></th><td>{}</td><td>{}</td><td>{}</td></tr>',
            (
                (reverse("admin:subscriptions_issue_change", args=[line.issue.pk]), line.issue,
                 chip(line.state, line.state), line.words,
                 f"{timezone.localtime(line.at):%-d %b %Y, %H:%M}")
                for line in explanation.explain(subscriber)
            ),
        )  # fmt: skip
        return format_html("<table><tbody>{}</tbody></table>", rows) if rows else SafeString("–")

    @admin.display(description="what came back")
    def came_back(self, subscriber: Subscriber) -> SafeString:
        """Return what was heard of their mail, the last first."""
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            (
                (f"{timezone.localtime(event.happened_at):%-d %b %Y, %H:%M}", event.in_words(),
                 event.words, event.get_effect_display())
                for event in subscriber.mail_events.all()[:EVENTS_SHOWN]
            ),
        )  # fmt: skip
        return format_html("<table><tbody>{}</tbody></table>", rows) if rows else SafeString("–")

    @admin.action(description="Unsubscribe…", permissions=["unsubscribe"])
    def unsubscribe(
        self, request: HttpRequest, queryset: QuerySet[Subscriber]
    ) -> HttpResponse | None:
        return part(request, self, queryset, UNSUBSCRIBE)

    @admin.action(description="Make the links to their preferences worthless",
                  permissions=["unsubscribe"])  # fmt: skip
    def close_links(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        for one in queryset:
            one.revoke_links()
        self._log_each(request, queryset, "Closed the links to their preferences.")
        messages.success(request, f"Links closed of {len(queryset)}.")

    @admin.action(description="Take back who bounced…", permissions=["restore"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponse | None:
        return restore_action(request, self, queryset)

    @admin.action(description="Erase for good…", permissions=["erase"])
    def erase(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> HttpResponse | None:
        return part(request, self, queryset, ERASE)

    def _log_each(self, request: HttpRequest, people: Iterable[Subscriber], words: str) -> None:
        """Note who did it: the consent events say no more than that it was staff."""
        for one in people:
            self.log_change(request, one, words)


@admin.register(Suppression)
class SuppressionAdmin(ReadOnly):
    """Addresses to be left alone, as keyed hashes. Deleting one undoes it."""

    list_display = ["__str__", "at"]  # The name begins with the reason.
    list_filter = ["reason"]
    readonly_fields = ["reason", "at"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("subscriptions.delete_suppression")
