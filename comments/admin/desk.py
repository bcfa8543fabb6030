"""The moderation desk: what waits, oldest first, and the page of one comment."""

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from comments import notices, rewording, undoing
from comments.admin import deciding, histories
from comments.admin.columns import Columns, history_url
from comments.admin.deciding import staff
from comments.admin.filters import AuthorFilter, StateFilter
from comments.admin.histories import History
from comments.deskform import VERBS, DeskForm, pressed, steps_from
from comments.models import Comment, CommentQuerySet, ModerationDecision, NotPublicError
from comments.records import RefusalCount

# What may be decided about in one click for the whole list: nothing of it is public yet.
AT_ONCE = {"held": ("approve", "mark_spam", "remove"), "spam": ("approve", "remove")}
WORDS = {"approve": "Approve all {}", "mark_spam": "Mark all {} as spam", "remove": "Remove all {}"}


class DeskList(ChangeList):
    """The list with each author's history, read for the whole page at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        comments: list[Any] = list(self.result_list)
        found = histories.of(comments)
        for comment in comments:
            comment.history = found.get(comment.pk, History())
            comment.shows_address = request.user.has_perm("comments.view_commentcontact")
        self.result_list = comments

    @property
    def state(self) -> str:
        """Return the one state that is shown, or "all"."""
        return next(one.shown for one in self.filter_specs if isinstance(one, StateFilter))

    @property
    def at_once(self) -> list[tuple[str, str]]:
        """Return the buttons that decide about the whole list."""
        verbs = AT_ONCE.get(self.state, ()) if self.result_count > 1 else ()
        return [(verb, WORDS[verb].format(self.result_count)) for verb in verbs]


class DecisionInline(admin.TabularInline):
    model = ModerationDecision
    fields = ["decided_at", "from_state", "to_state", "decided_by", "undoes", "score"]
    readonly_fields = ["decided_at", "from_state", "to_state", "decided_by", "undoes", "score"]
    extra = 0
    verbose_name_plural = "decisions"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModerationDecision]:
        return super().get_queryset(request).select_related("decided_by")

    @admin.display(description="undo", boolean=True)
    def undoes(self, decision: ModerationDecision) -> bool:
        """Return whether this line takes the one before it back."""
        return decision.is_undo

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Comment)
class CommentDesk(Columns, admin.ModelAdmin):
    form = DeskForm
    list_display = ["who", "said", "chips", "decide"]
    list_display_links = None
    list_filter = [StateFilter, AuthorFilter]
    list_select_related = ["post", "parent"]
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ["name", "body", "post__title"]
    ordering = ["created_at", "pk"]
    actions = ["approve", "mark_spam", "remove", "hide"]
    inlines = [DecisionInline]
    readonly_fields = ["on_post", "answers", "name", "full_text", "created_at", "chips", "contact"]

    class Media:
        css = {"all": ["comments/desk.css"]}

    def get_urls(self) -> list[URLPattern]:
        views = {
            "decide": deciding.one,
            "everything": deciding.everything,
            "undo": deciding.undo,
        }
        mine = [
            path(f"{name}/", self.admin_site.admin_view(partial(view, desk=self)),
                 name=f"comments_comment_{name}")
            for name, view in views.items()
        ]  # fmt: skip
        return mine + super().get_urls()

    def get_queryset(self, request: HttpRequest) -> CommentQuerySet:
        return Comment.objects.for_desk().order_by("created_at", "pk")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DeskList

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = list(self.list_display)
        return shown if self.has_moderate_permission(request) else shown[:-1]

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """Lead to the page only where readers see the comment too."""
        return super().get_view_on_site_url(obj) if obj and obj.is_public else None

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        sets: list[tuple[str | None, dict[str, Any]]] = [
            (None, {"fields": ["on_post", "answers", "name", "full_text", "created_at"]}),
            ("Why it is here", {"fields": ["chips"]}),
        ]
        if request.user.has_perm("comments.view_commentcontact"):
            sets.append(("Who wrote it", {"fields": ["contact"]}))
        if self.has_moderate_permission(request):
            sets.append(("Answer", {"fields": ["reply", "opened_as"]}))
            if obj and obj.state != Comment.State.ERASED:
                words = {"fields": ["new_name", "new_body"], "classes": ["collapse"]}
                sets.append(("Edit the words", words))
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
        self._act(request, queryset, "approve")

    @admin.action(permissions=["moderate"], description="Mark as spam")
    def mark_spam(self, request: HttpRequest, queryset: CommentQuerySet) -> None:
        self._act(request, queryset, "mark_spam")

    @admin.action(permissions=["moderate"], description="Remove for good")
    def remove(self, request: HttpRequest, queryset: CommentQuerySet) -> None:
        self._act(request, queryset, "remove")

    @admin.action(permissions=["moderate"], description="Hide for now")
    def hide(self, request: HttpRequest, queryset: CommentQuerySet) -> None:
        self._act(request, queryset, "hide")

    def _act(self, request: HttpRequest, ticked: CommentQuerySet, verb: str) -> None:
        """Decide about what was ticked and still is as the list showed it."""
        asked = ticked.count()
        self._decide(request, deciding.as_seen(request, ticked), verb, asked=asked)

    def _decide(
        self, request: HttpRequest, queryset: CommentQuerySet, verb: str, *, asked: int = 1
    ) -> None:
        changed = getattr(queryset, verb)(by=staff(request))
        text = deciding.told(verb, changed)
        if changed < asked:
            text += f" {asked - changed} left as before: not open to this, or changed since."
        self.message_user(request, text, messages.SUCCESS if changed else messages.WARNING)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        now = timezone.now()  # Before the rows are read: what comes later was not seen.
        refused = RefusalCount.of_last_month()
        may_moderate = self.has_moderate_permission(request)
        context = {
            "title": "Moderation desk",
            "subtitle": f"{refused} refused unseen in the last 30 days" if refused else None,
            "may_moderate": may_moderate,
            "seen": now.isoformat(),
            "undoable": undoing.last(staff(request), now) if may_moderate else None,
        }
        return super().changelist_view(request, context | (extra_context or {}))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        comment = context.get("original")
        buttons = [(verb, VERBS[verb][0]) for verb in steps_from(comment.state)] if comment else []
        # Deleting would leave no tombstone and no log: "remove" is the word here.
        context |= {"show_delete": False, "show_save_and_continue": False, "subtitle": None}
        if comment:
            context["title"] = f"Comment by {comment.name}" if comment.name else "Erased comment"
        context["desk_buttons"] = buttons if self.has_moderate_permission(request) else []
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Comment, form: Any, change: bool) -> None:
        """Change the words, decide, publish the reply if that stands; nothing else is saved."""
        if not self.has_moderate_permission(request):
            return
        is_reworded = self._reword(request, obj, form.cleaned_data)
        verb, text = pressed(request.POST), form.cleaned_data.get("reply")
        if verb:
            self._decide(request, Comment.objects.filter(pk=obj.pk, state=obj.state), verb)
        if text and verb in {None, "approve"}:
            self._reply(request, obj, text)
        elif text:
            said = "Your reply was not published. You had written: “{}”"
            self.message_user(request, format_html(said, text), messages.WARNING)
        elif not verb and not is_reworded:
            self.message_user(request, "Nothing was changed.", messages.INFO)

    def _reword(self, request: HttpRequest, comment: Comment, words: dict[str, str]) -> bool:
        name, body = words.get("new_name"), words.get("new_body")
        if name is None or body is None or (name, body) == (comment.name, comment.body):
            return False
        if rewording.reword(comment, name=name, body=body, now=timezone.now()):
            self.message_user(request, "The words are changed, and the page says by whom.")
        return True

    def _reply(self, request: HttpRequest, comment: Comment, text: str) -> None:
        """Publish the reply; a comment that waits is approved with it."""
        Comment.objects.held().filter(pk=comment.pk).approve(by=staff(request))
        comment.refresh_from_db()
        try:
            comment.reply(by=staff(request), body=text)
        except NotPublicError as error:  # Somebody else removed it meanwhile.
            said = format_html("{} You had written: “{}”", str(error), text)
            self.message_user(request, said, messages.ERROR)
        else:
            self.message_user(request, "Your reply is published.", messages.SUCCESS)

    def response_change(self, request: HttpRequest, obj: Comment) -> HttpResponse:
        """Go back to the queue; `save_model` has said what it did."""
        return HttpResponseRedirect(reverse("admin:comments_comment_changelist"))

    @admin.display(description="address")
    def contact(self, comment: Comment) -> SafeString | str:
        """Return the address with what else came from it; only who may see it has this field."""
        history = histories.of([comment]).get(comment.pk)
        if history is None:
            return "None kept."
        wish = " (wants to hear of replies)" if history.wants_replies else ""
        link = '{}{}<br><a href="{}">{}</a>'
        return format_html(link, history.email, wish, history_url(comment), history.words)
