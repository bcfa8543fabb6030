"""The next e-mail: what goes out, to how many, and what an editor makes of it."""

from datetime import date, datetime
from typing import Any

from csp.constants import NONE
from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from pbrsite import mail
from pbrsite.characters import printable
from pbrsite.numbers import row_number
from subscriptions import noon, previews, testsends, upcoming
from subscriptions.admin.records import ReadOnly
from subscriptions.forecast import left_until
from subscriptions.models import Issue, Kind, Plan
from subscriptions.plans import LONGEST_INTRODUCTION, Arrangement, PlanChanged, PlanClosed, stamp
from subscriptions.upcoming import Upcoming

TEMPLATE = "admin/subscriptions/issue/next.html"
KINDS = {Kind.DAILY: "Daily", Kind.WEEKLY: "Weekly"}
POSTS_READ = 500  # of a form; no issue holds as many
# No script runs and nothing is sent; links open a tab of their own.
POLICY = {
    "script-src": [NONE], "style-src": ["'unsafe-inline'"], "form-action": [NONE],
    "frame-ancestors": ["'self'"], "base-uri": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}  # fmt: skip


class PlanForm(forms.Form):
    kind = forms.ChoiceField(choices=list(KINDS.items()))
    local_date = forms.DateField()
    seen = forms.CharField(required=False, max_length=40)
    introduction = forms.CharField(
        required=False, max_length=LONGEST_INTRODUCTION,
        error_messages={"max_length": "Shorten it to %(limit_value)d characters; now there are "
                                      "%(show_value)d."},
    )  # fmt: skip

    def clean_introduction(self) -> str:
        return mail.one_line(printable(self.cleaned_data["introduction"]))


class Planning(ReadOnly):
    """Adds the page of the next e-mail to the issues' admin."""

    def get_urls(self) -> list[Any]:
        views = {"next": self.next_view, "preview": self.preview_view, "test": self.test_view}
        mine = [
            path(f"{'' if name == 'next' else 'next/'}{name}/", self.admin_site.admin_view(view),
                 name=f"subscriptions_issue_{name}")
            for name, view in views.items()
        ]  # fmt: skip
        return [*mine, *super().get_urls()]

    def has_plan_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.plan_issue")

    @method_decorator(never_cache)
    def next_view(self, request: HttpRequest) -> HttpResponse:
        """Show what goes out next; a POST arranges it."""
        if request.method == "POST":
            return self._save_plan(request)
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(request, upcoming.next_issue(_kind(request.GET), timezone.now()))

    def _save_plan(self, request: HttpRequest) -> HttpResponse:
        if not self.has_plan_permission(request):
            raise PermissionDenied
        kind = _kind(request.POST)
        coming = upcoming.next_issue(kind, timezone.now())
        form = PlanForm(request.POST)
        typed = _typed(request, coming)
        if not form.is_valid():
            return self._page(request, coming, typed=typed, form=form, status=422)
        wanted = Arrangement(form.cleaned_data["introduction"], typed.order, typed.left_out)
        try:
            plan = _arrange(form, wanted, coming, by=request.user)
        except (PlanClosed, PlanChanged) as error:
            messages.error(request, _refusal(error, form.cleaned_data["local_date"], coming))
            return self._page(request, coming, typed=typed, form=form, status=409)
        self.log_change(request, plan, _told(wanted))
        messages.success(request, "Saved. The preview below shows it as it will go out.")
        return HttpResponseRedirect(f"{reverse('admin:subscriptions_issue_next')}?kind={kind}")

    def _page(
        self, request: HttpRequest, coming: Upcoming, *, typed: Arrangement | None = None,
        status: int = 200, **more: Any,
    ) -> HttpResponse:  # fmt: skip
        """Answer with the page, on which what was typed stands instead of what is saved."""
        wanted = typed or (coming.plan.arrangement() if coming.plan else Arrangement())
        topics = previews.topics_of(coming)
        view = previews.View.asked_for(request.GET, topics)
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": "Next e-mail",
            "coming": coming, "kinds": KINDS.items(), "rows": _rows(coming, wanted),
            "introduction": wanted.introduction, "stamp": stamp(coming.plan),
            "may_plan": self.has_plan_permission(request), "longest": LONGEST_INTRODUCTION,
            "topics": topics, "view": view, "unsent": _unsent_introduction(coming),
            "frame_url": _preview_url(coming.kind, view),
            "tests_per_hour": testsends.TESTS_PER_HOUR,
            "to": getattr(request.user, "email", ""), **_moments(coming, view), **more,
        }  # fmt: skip
        return TemplateResponse(request, TEMPLATE, context, status=status)

    @method_decorator([require_safe, never_cache, xframe_options_sameorigin])
    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Answer with the HTML part as it will go out, for the frame on the page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        coming = upcoming.next_issue(_kind(request.GET), now)
        view = previews.View.asked_for(request.GET, previews.topics_of(coming))
        response = HttpResponse(previews.framed(coming, view, now), headers={
            "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow",
        })  # fmt: skip
        response._csp_replace = POLICY  # type: ignore[attr-defined]  # As csp's decorators do.
        return response

    @method_decorator([require_POST, never_cache])
    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Send one copy to a member of staff, and say what became of it."""
        if not self.has_plan_permission(request):
            raise PermissionDenied
        now, typed = timezone.now(), printable(request.POST.get("to", ""))[:254]
        coming = upcoming.next_issue(_kind(request.POST), now)
        view = previews.View.asked_for(request.POST, previews.topics_of(coming))
        try:
            said = _send_test(request, coming, view, typed, now)
        except (testsends.NotStaff, testsends.TooManyTests, previews.NothingToSend) as error:
            return self._page(request, coming, to=typed, problem=error.__doc__ or "", status=422)
        level = messages.SUCCESS if said.startswith("A test") else messages.ERROR
        self.message_user(request, said, level)
        return HttpResponseRedirect(_page_url(coming.kind, view) + "#test")


def _arrange(form: PlanForm, wanted: Arrangement, coming: Upcoming, *, by: Any) -> Plan:
    day: date = form.cleaned_data["local_date"]
    if day != coming.local_date:
        raise PlanClosed
    seen = form.cleaned_data["seen"]
    return Plan.arrange((coming.kind, day), wanted, by=by, at=timezone.now(), seen=seen)


def _moments(coming: Upcoming, view: previews.View) -> dict[str, str]:
    """Return what of the page depends on the time."""
    now = timezone.now()
    return {
        "when": noon.in_words(coming.goes_at, now), "left": left_until(coming.goes_at, now),
        "text": previews.text(coming, view, now),
    }  # fmt: skip


def _send_test(
    request: HttpRequest, coming: Upcoming, view: previews.View, typed: str, now: datetime
) -> str:
    to = testsends.staff_address(typed)
    rendering = previews.render(coming, view, now)
    by: Any = request.user
    return testsends.send_test(coming.as_issue(now), rendering, to=to, by=by, now=now)


def _kind(values: Any) -> str:
    return Kind.WEEKLY if values.get("kind") == Kind.WEEKLY else Kind.DAILY


def _page_url(kind: str, view: previews.View) -> str:
    return f"{reverse('admin:subscriptions_issue_next')}?{urlencode({'kind': kind} | view.query())}"


def _preview_url(kind: str, view: previews.View) -> str:
    query = urlencode({"kind": kind} | view.query())
    return f"{reverse('admin:subscriptions_issue_preview')}?{query}"


def _typed(request: HttpRequest, coming: Upcoming) -> Arrangement:
    """Return what the form says, of the posts that are due; a move puts one up or down."""
    due = [post.pk for post in (*coming.posts, *coming.left_out)]
    order = [row_number(text) for text in request.POST.getlist("post")[:POSTS_READ]]
    out = {row_number(text) for text in request.POST.getlist("left_out")[:POSTS_READ]}
    left_out = frozenset(pk for pk in due if pk in out)
    rank = {pk: number for number, pk in enumerate(order)}
    placed = sorted((pk for pk in due if pk in rank and pk not in left_out), key=rank.__getitem__)
    verb, _, number = request.POST.get("move", "").partition(":")
    _move(placed, row_number(number), by={"up": -1, "down": 1}.get(verb, 0))
    newest = [post.pk for post in sorted(
        (post for post in (*coming.posts, *coming.left_out) if post.pk in placed),
        key=lambda post: (post.published_at or coming.goes_at, post.pk), reverse=True,
    )]  # fmt: skip
    introduction = printable(request.POST.get("introduction", ""))
    # The usual order is not kept: what is published later then comes first, as it always does.
    return Arrangement(introduction, () if placed == newest else tuple(placed), left_out)


def _move(placed: list[int], pk: int | None, *, by: int) -> None:
    if pk not in placed:
        return
    here = placed.index(pk)
    there = min(max(here + by, 0), len(placed) - 1)
    placed.insert(there, placed.pop(here))


def _rows(coming: Upcoming, wanted: Arrangement) -> list[dict[str, Any]]:
    """Return the posts as the form shows them: in order, and what waits at the end."""
    posts = {post.pk: post for post in (*coming.posts, *coming.left_out)}
    newest = sorted(posts.values(), key=lambda post: (post.published_at or coming.goes_at, post.pk),
                    reverse=True)  # fmt: skip
    kept = wanted.of([post.pk for post in newest])
    waiting = [post.pk for post in newest if post.pk in wanted.left_out]
    return [
        {"post": posts[pk], "place": place if pk in kept else None, "is_first": place == 1,
         "is_last": place == len(kept), "is_left_out": pk in waiting}
        for place, pk in enumerate([*kept, *waiting], start=1)
    ]  # fmt: skip


def _refusal(error: Exception, day: date, coming: Upcoming) -> str:
    if isinstance(error, PlanClosed):
        return (
            f"The e-mail of {day.day} {day:%B} has been put together already and stays as it is. "
            f"What you typed is below, for that of {coming.local_date.day} "
            f"{coming.local_date:%B}: save it if you want it there."
        )
    who = coming.plan.changed_by if coming.plan else None
    return (
        f"{who or 'Somebody else'} has changed this e-mail since you opened the page, so nothing "
        "was saved. What you typed is below, what is saved in the preview: save again to have "
        "yours."
    )


def _told(wanted: Arrangement) -> str:
    """Return the line for the log."""
    parts = [f"introduction “{wanted.introduction}”"] if wanted.introduction else []
    parts += [f"order {', '.join(map(str, wanted.order))}"] if wanted.order else []
    parts += [f"left out {', '.join(map(str, sorted(wanted.left_out)))}"] if wanted.left_out else []
    return f"Arranged: {'; '.join(parts) or 'as it comes'}."


def _unsent_introduction(coming: Upcoming) -> str:
    """Return what was written for the last issue where that went to nobody."""
    if coming.introduction:
        return ""
    last = Plan.objects.filter(kind=coming.kind, local_date__lt=coming.local_date).first()
    if last is None or not last.introduction:
        return ""
    same = {"kind": last.kind, "local_date": last.local_date}
    return "" if Issue.objects.sent().filter(**same).exists() else last.introduction
