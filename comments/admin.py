"""The moderation desk: what waits, oldest first, and everything needed to decide."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from comments import notices
from comments.contacts import CommentContact
from comments.deskform import VERBS, DeskForm, pressed
from comments.models import Comment, CommentQuerySet, ModerationDecision, NotPublicError
from comments.records import RefusalCount

WORDS_SHOWN = 40
CHIPS = {
    "published": "chip--good",
    "held": "chip--warn",
    "spam": "chip--bad",
    "removed": "chip--bad",
}


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("", "Waiting"), *[choice for choice in Comment.State.choices
                                   if choice[0] != Comment.State.HELD], ("all", "All")]  # fmt: skip

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield our own list alone: its first entry, not "All", is what opens."""
        for lookup, title in self.lookup_choices:
            yield {
                "selected": (self.value() or "") == lookup,
                "query_string": changelist.get_query_string({self.parameter_name: lookup}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> QuerySet[Comment]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or Comment.State.HELD)


class DeskList(ChangeList):
    """The list with each author's history, read for the whole page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        comments = list(self.result_list)
        histories = _histories(comments)
        for comment in comments:
            comment.history = histories.get(comment.pk, Counter())
        self.result_list = comments


def _histories(comments: list[Comment]) -> dict[int, Counter[str]]:
    """Return, by comment, how many comments its address has left in each state; two queries."""
    contacts = CommentContact.objects.filter(comment__in=comments)
    emails = dict(contacts.values_list("comment_id", "email"))
    counts: dict[str, Counter[str]] = {}
    rows = CommentContact.objects.filter(email__in=set(emails.values()))
    for email, state, number in rows.values_list("email", "comment__state").annotate(Count("pk")):
        counts.setdefault(email, Counter())[state] = number
    return {pk: counts[email] for pk, email in emails.items()}


class DecisionInline(admin.TabularInline):
    model = ModerationDecision
    fields = ["decided_at", "from_state", "to_state", "decided_by", "score"]
    readonly_fields = ["decided_at", "from_state", "to_state", "decided_by", "score"]
    extra = 0
    verbose_name_plural = "decisions"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModerationDecision]:
        return super().get_queryset(request).select_related("decided_by")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Comment)
class CommentDesk(admin.ModelAdmin):
    form = DeskForm
    change_form_template = "comments/admin_change_form.html"
    list_display = ["written", "who", "text", "on_post", "chips"]
    list_display_links = ["written"]
    list_filter = [StateFilter]
    list_select_related = ["post"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["name", "body", "post__title"]
    ordering = ["created_at", "pk"]
    actions = ["approve", "mark_spam", "remove", "hide"]
    inlines = [DecisionInline]
    readonly_fields = ["on_post", "answers", "name", "full_text", "created_at", "chips", "contact"]

    class Media:
        css = {"all": ["comments/desk.css"]}

    def get_queryset(self, request: HttpRequest) -> CommentQuerySet:
        return Comment.objects.for_desk().order_by("created_at", "pk")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DeskList

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets: list[tuple[str | None, dict[str, Any]]] = [
            (None, {"fields": ["on_post", "answers", "name", "full_text", "created_at"]}),
            ("Why it is here", {"fields": ["chips"]}),
        ]
        if request.user.has_perm("comments.view_commentcontact"):
            sets.append(("Who wrote it", {"fields": ["contact"]}))
        if self.has_moderate_permission(request):
            sets.append(("Answer", {"fields": ["reply"]}))
        return sets

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Find a person by address too, for those who may see addresses."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if "@" in search_term and request.user.has_perm("comments.view_commentcontact"):
            found |= queryset.filter(pk__in=notices.comments_from(search_term.strip()).values("pk"))
        return found, may_repeat

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("comments.moderate_comment")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer "remove" without "delete" beside it, which would leave no tombstone and no log."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(permissions=["moderate"], description="Approve")
    def approve(self, request: HttpRequest, queryset: CommentQuerySet) -> None:
        self._decide(request, queryset, "approve")

    @admin.action(permissions=["moderate"], description="Mark as spam")
    def mark_spam(self, request: HttpRequest, queryset: CommentQuerySet) -> None:
        self._decide(request, queryset, "mark_spam")

    @admin.action(permissions=["moderate"], description="Remove for good")
    def remove(self, request: HttpRequest, queryset: CommentQuerySet) -> None:
        self._decide(request, queryset, "remove")

    @admin.action(permissions=["moderate"], description="Hide for now")
    def hide(self, request: HttpRequest, queryset: CommentQuerySet) -> None:
        self._decide(request, queryset, "hide")

    def _decide(self, request: HttpRequest, queryset: CommentQuerySet, verb: str) -> None:
        asked = queryset.count()
        changed = getattr(queryset, verb)(by=_staff(request))
        text = f"{changed} comment{'' if changed == 1 else 's'} {VERBS[verb][1]}."
        if changed < asked:
            text += f" {asked - changed} left as before: the step is not open to them."
        self.message_user(request, text, messages.SUCCESS if changed else messages.WARNING)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        refused = RefusalCount.of_last_month()
        subtitle = f"{refused} refused unseen in the last 30 days" if refused else None
        return super().changelist_view(
            request, {"title": "Moderation desk", "subtitle": subtitle, **(extra_context or {})}
        )

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        buttons = [(verb, label) for verb, (label, _) in VERBS.items()]
        # Deleting would leave no tombstone and no log: "remove" is the word here.
        context |= {"show_delete": False, "show_save_and_continue": False}
        context["desk_buttons"] = buttons if self.has_moderate_permission(request) else []
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Comment, form: Any, change: bool) -> None:
        """Decide, then publish the reply if that stands; the comment itself is not saved anew."""
        if not self.has_moderate_permission(request):
            return
        verb, text = pressed(request.POST), form.cleaned_data.get("reply")
        if verb:
            self._decide(request, Comment.objects.filter(pk=obj.pk), verb)
        if text and verb in {None, "approve"}:
            self._reply(request, obj, text)
        elif text:
            said = "Your reply was not published. You had written: “{}”"
            self.message_user(request, format_html(said, text), messages.WARNING)

    def _reply(self, request: HttpRequest, comment: Comment, text: str) -> None:
        """Publish the reply; a comment that waits is approved with it."""
        Comment.objects.held().filter(pk=comment.pk).approve(by=_staff(request))
        comment.refresh_from_db()
        try:
            comment.reply(by=_staff(request), body=text)
        except NotPublicError as error:  # Somebody else removed it meanwhile.
            said = format_html("{} You had written: “{}”", str(error), text)
            self.message_user(request, said, messages.ERROR)

    def response_change(self, request: HttpRequest, obj: Comment) -> HttpResponse:
        """After a button of the desk go back to the queue; `save_model` has decided."""
        if pressed(request.POST) is None or not self.has_moderate_permission(request):
            return super().response_change(request, obj)
        return HttpResponseRedirect(reverse("admin:comments_comment_changelist"))

    @admin.display(description="written", ordering="created_at")
    def written(self, comment: Comment) -> str:
        return date_format(timezone.localtime(comment.created_at), "j M, H:i")

    @admin.display(description="name", ordering="name")
    def who(self, comment: Any) -> SafeString:
        """Return the name, and in small print what has come from the same address."""
        counts: Counter[str] = comment.history
        named = [f"{counts[state]} {label.lower()}" for state, label in Comment.State.choices
                 if counts[state]]  # fmt: skip
        return format_html('{}<br><small class="quiet">{}</small>', comment.name, ", ".join(named))

    @admin.display(description="text")
    def text(self, comment: Comment) -> str:
        """Return the source: its links are text, and its HTML is escaped by the template."""
        return brief(comment.body)

    @admin.display(description="text")
    def full_text(self, comment: Comment) -> SafeString:
        return format_html('<div class="desk-text">{}</div>', comment.body)

    @admin.display(description="post", ordering="post__title")
    def on_post(self, comment: Comment) -> SafeString:
        return format_html('<a href="{}">{}</a>', comment.get_absolute_url(), comment.post.title)

    @admin.display(description="in answer to")
    def answers(self, comment: Comment) -> str:
        parent = comment.parent
        return f"{parent.name}: {brief(parent.body)}" if parent else "–"

    @admin.display(description="state and score", ordering="score")
    def chips(self, comment: Comment) -> SafeString:
        """Return the state, then each reason of the score with its evidence on hover."""
        state = f"{comment.get_state_display()} {comment.score or ''}"
        rows = [(CHIPS.get(comment.state, ""), "", state)]
        rows += [("", r.get("evidence", ""), f"{r['code']} {r['weight']:+}")
                 for r in comment.reasons]  # fmt: skip
        return format_html_join(" ", '<span class="chip {}" title="{}">{}</span>', rows)

    @admin.display(description="address")
    def contact(self, comment: Comment) -> str:
        contact = CommentContact.objects.filter(comment=comment).first()
        if contact is None:
            return "None kept."
        return f"{contact.email}{' (wants to hear of replies)' if contact.wants_replies else ''}"


def _staff(request: HttpRequest) -> User:
    """Return who is at the desk; the admin lets nobody in without a log-in."""
    return cast(User, request.user)


def brief(text: str) -> str:
    """Return the beginning: so many words, and not more than they ordinarily take."""
    return Truncator(Truncator(text).words(WORDS_SHOWN)).chars(WORDS_SHOWN * 8)
