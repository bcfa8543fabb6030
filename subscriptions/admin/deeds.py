"""What staff do to an issue that is out: pause it, go on, send again to whom it is uncertain.

Each is asked first on a page of its own, which says plainly what it will mean.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from pbrsite.numbers import row_number
from subscriptions.accounting import account_of
from subscriptions.admin.records import ReadOnly
from subscriptions.ledger import EXPIRES_AFTER
from subscriptions.models import Delivery, Issue

TEMPLATE = "admin/subscriptions/issue/ask.html"
State = Issue.State


@dataclass(frozen=True)
class Question:
    """A page that asks before a deed; `again` names how many were sent to twice by hand already."""

    title: str
    words: list[str]
    button: str
    again: int = 0
    is_idle: bool = False  # There is nothing to do: only the way back is offered.


@dataclass(frozen=True)
class Deed:
    name: str
    label: str
    permission: str
    states: frozenset[str]
    ask: Callable[[Issue], Question]
    do: Callable[[Issue, HttpRequest], str]


class Deeds(ReadOnly):
    """Adds the buttons and their pages to the issues' admin."""

    actions = ["pause", "resume"]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.deed_view)
        mine = path("<int:issue_id>/<slug:name>/do/", view, name="subscriptions_issue_deed")
        return [mine, *super().get_urls()]

    def has_pause_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.pause_issue")

    def deeds_for(self, request: HttpRequest, issue: Issue) -> list[dict[str, str]]:
        """Return the buttons this person may press for the issue as it stands."""
        return [
            {"label": deed.label, "url": _url(issue, deed)}
            for deed in DEEDS.values()
            if issue.state in deed.states and request.user.has_perm(deed.permission)
        ]

    @method_decorator(never_cache)
    def deed_view(self, request: HttpRequest, issue_id: int, name: str) -> HttpResponse:
        deed = DEEDS.get(name)
        issue = self.get_queryset(request).filter(pk=row_number(issue_id)).first()
        if deed is None or issue is None:
            raise Http404("There is no such issue, or nothing of that name to do with it.")
        if not request.user.has_perm(deed.permission):
            raise PermissionDenied
        way_back = reverse("admin:subscriptions_issue_change", args=[issue.pk])
        if issue.state not in deed.states:
            words = f"Nothing was done: {issue} is “{issue.get_state_display().lower()}” by now."
            messages.warning(request, words)
            return HttpResponseRedirect(way_back)
        if request.method == "POST":
            said = deed.do(issue, request)
            self.log_change(request, issue, said)
            messages.success(request, said)
            return HttpResponseRedirect(way_back)
        question = deed.ask(issue)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "issue": issue,
            "question": question, "title": question.title, "way_back": way_back,
        }  # fmt: skip
        return TemplateResponse(request, TEMPLATE, context)

    @admin.action(description="Pause sending at once", permissions=["pause"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Issue]) -> None:
        """Stop without a question: it is for emergencies, and undone by one press."""
        paused = [issue for issue in queryset if _pause(issue, request)]
        for issue in paused:
            self.log_change(request, issue, "Paused.")
        others = len(queryset) - len(paused)
        words = f"Paused: {len(paused)}."
        messages.success(request, f"{words} Not being sent: {others}." if others else words)

    @admin.action(description="Resume sending…", permissions=["pause"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Issue]) -> HttpResponse | None:
        """Lead to the question of one issue; several are resumed one by one."""
        paused = [issue for issue in queryset if issue.state == State.PAUSED]
        if len(paused) == 1:
            return HttpResponseRedirect(_url(paused[0], DEEDS["resume"]))
        words = "Choose one issue that is paused" if paused else "None of these is paused"
        messages.warning(request, f"{words}: each is asked about on its own.")
        return None


def _url(issue: Issue, deed: Deed) -> str:
    return reverse("admin:subscriptions_issue_deed", args=[issue.pk, deed.name])


def _ask_to_pause(issue: Issue) -> Question:
    account = account_of(issue, timezone.now())
    return Question("Pause this e-mail?", [
        f"{account.counts['open']:,} of {account.audience:,} people have not got it yet. They wait "
        "until somebody resumes it.",
        "A message in flight at this moment still arrives. What was sent cannot be called back.",
    ], "Pause")  # fmt: skip


def _pause(issue: Issue, request: HttpRequest) -> bool:
    return issue.pause(reason=f"paused by {request.user}")


def _do_pause(issue: Issue, request: HttpRequest) -> str:
    return "Paused." if _pause(issue, request) else "It was not being sent any more."


def _ask_to_resume(issue: Issue) -> Question:
    account = account_of(issue, timezone.now())
    words = [
        f"It stands still: {issue.pause_reason or 'no reason is noted'}.",
        f"{account.counts['open']:,} of {account.audience:,} people get it from the next minute "
        "on; whoever the relay refused on our account is tried again, too.",
    ]
    if timezone.now() - issue.frozen_at > EXPIRES_AFTER:
        words.append("It was put together on "
                     f"{timezone.localtime(issue.frozen_at):%-d %B at %H:%M}: it arrives late, "
                     "and later e-mails may have arrived before it.")  # fmt: skip
    return Question("Go on sending this e-mail?", words, "Resume")


def _do_resume(issue: Issue, request: HttpRequest) -> str:
    if issue.resume(at=timezone.now()):
        return "Resumed. It goes on with the next ring of the clock, within a minute."
    return "It was not paused any more."


def _ask_to_resend(issue: Issue) -> Question:
    rows = Delivery.objects.filter(issue=issue)
    new, all_of_them = rows.uncertain(), rows.uncertain(also_resent=True)
    unknown = new.filter(state=Delivery.State.UNKNOWN).count()
    expired = new.count() - unknown
    again = all_of_them.count() - unknown - expired
    if not (unknown or expired or again):
        words = ["Nobody's copy of it is uncertain, or a later e-mail has brought the posts again."]
        return Question("Send again to the uncertain?", words, "", is_idle=True)
    told = [
        (unknown, "may get it twice: the connection broke before the relay said whether it took "
         "their copy."),
        (expired, "certainly did not get it: the relay took no copy in time."),
    ]  # fmt: skip
    return Question("Send again to the uncertain?", [
        *(f"{_people(count)} {words}" for count, words in told if count),
        "Without this they are all sent the posts again by the next e-mail, under “In case you "
        "missed it”. Who has had that already is left out here.",
    ], "Send again", again=again)  # fmt: skip


def _do_resend(issue: Issue, request: HttpRequest) -> str:
    also = request.POST.get("also_resent") == "on"
    count = issue.resend_uncertain(at=timezone.now(), also_resent=also)
    return f"Sent again to the uncertain: {_people(count)}, from the next minute on."


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


DEEDS = {
    deed.name: deed
    for deed in (
        Deed("pause", "Pause…", "subscriptions.pause_issue", frozenset({State.SENDING}),
             _ask_to_pause, _do_pause),
        Deed("resume", "Resume…", "subscriptions.pause_issue", frozenset({State.PAUSED}),
             _ask_to_resume, _do_resume),
        Deed("resend", "Send again to the uncertain…", "subscriptions.resend_issue",
             frozenset({State.SENDING, State.PAUSED, State.DONE}), _ask_to_resend, _do_resend),
    )
}  # fmt: skip
