"""Deciding when a post is out: the buttons under its form, and the gate. Many: see `bulk`."""

import json
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.db.models import QuerySet
from django.forms import Media, Script
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from posts import gate, moments
from posts.admin.permissions import may_publish, may_see, may_touch
from posts.admin.zone import ZONED
from posts.buttons import Button, offered
from posts.models import Post, PostQuerySet

SCRIPTS = ("noon_line", "keyboard_save")


class StateFilter(admin.SimpleListFilter):
    """The states as editors name them: scheduled apart from published."""

    title = "state"
    parameter_name = "state"
    words = {
        "draft": "Draft",
        "in_review": "In review",
        "scheduled": "Scheduled",
        "published": "Published",
        "withdrawn": "Withdrawn",
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.words.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> QuerySet[Post]:
        word = self.value()
        if word not in self.words or not isinstance(queryset, PostQuerySet):
            return queryset
        found: PostQuerySet = getattr(queryset, "drafts" if word == "draft" else word)()
        return found


class PublishingAdmin(admin.ModelAdmin):
    """The part of a post's admin that moves it through its states, object by object."""

    formfield_overrides = ZONED

    @property
    def media(self) -> Media:
        scripts = [Script(f"pbrsite/admin/{name}.js", type="module") for name in SCRIPTS]
        return super().media + Media(js=scripts)  # type: ignore[arg-type]  # Stubs lag behind.

    # -- Who may

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return may_publish(request)

    def has_view_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        return super().has_view_permission(request, obj) and may_see(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        """Let an author change their own drafts; what is out belongs to who may publish."""
        return super().has_change_permission(request, obj) and may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        return super().has_delete_permission(request, obj) and may_touch(request, obj)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Lock what is about to be saved whole: its state must not change in between.

        The form is saved in one transaction; pages that lock for themselves come without.
        """
        post = super().get_object(request, object_id, from_field)
        if post is not None and request.method == "POST" and connection.in_atomic_block:
            post.lock()
        return post

    # -- The form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        post, now = context.get("original"), timezone.now()
        may = (
            self.has_change_permission(request, post) if post else self.has_add_permission(request)
        )
        if context.get("edited_change"):
            may = False  # A change for later moves no state, and has buttons of its own.
        context["buttons"] = self._offered(request, post or Post(), now) if may else []
        if post is not None and not post.is_published(now):
            tags = context["adminform"].form.initial.get("tags")
            context["findings"] = gate.examine(post, has_tags=None if tags is None else bool(tags))
        context["show_save_and_add_another"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        """Save; what is taken back from readers is taken back first, faulty as it may be."""
        if not change:
            obj.created_by_id = request.user.pk
        if change and form.goes_back:
            self._move(request, obj, form)
        super().save_model(request, obj, form, change)
        for note in form.notes:
            self.message_user(request, note, messages.WARNING)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save tags and pins, then do what the button said, on the whole."""
        super().save_related(request, form, formsets, change)
        post: Post = form.instance
        pressed = _pressed(request)
        names = [button.name for button in self._offered(request, post, form.now)]
        if pressed == "_publish" and pressed in names:
            self._publish(request, post, form)
            return
        if pressed in names:
            self._move(request, post, form)
        elif pressed and not form.goes_back:
            self._refuse(request, post, pressed)
        post.reindex()

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Put what the button did into the log, before what was written."""
        written = super().construct_change_message(request, form, formsets, add)
        if not form.said:
            return written
        entry = LogEntry(change_message=json.dumps(written))
        return f"The post {form.said} {entry.get_change_message()}"

    def _move(self, request: HttpRequest, post: Post, form: Any) -> None:
        """Do what the button said: on the row, of which only the state is taken over."""
        row = Post.objects.only("status").get(pk=post.pk)
        form.said = VERBS[_pressed(request)](row, form.now)
        post.status = row.status
        self.message_user(request, f"“{post}” {form.said}", messages.SUCCESS)

    def _offered(self, request: HttpRequest, post: Post, now: datetime) -> list[Button]:
        return offered(post, now, may_publish=may_publish(request))

    def _publish(self, request: HttpRequest, post: Post, form: Any) -> None:
        """Ask the gate; what it stops is saved as it was, and the form opens again."""
        now = form.now
        at = now if post.is_scheduled(now) else None
        try:
            passed = gate.publish(post, now=now, at=at)
        except gate.StoppedError as stopped:
            post.reindex()
            request.POST = request.POST.copy()  # type: ignore[assignment]
            request.POST["_continue"] = "1"  # type: ignore[misc]
            text = f"“{post}” is saved, but not published. Mend this first:"
            self.message_user(request, listed(text, stopped.findings.blocking), messages.ERROR)
            return
        form.said = _published_words(post, now)
        self.message_user(request, f"“{post}” {form.said}", messages.SUCCESS)
        if passed.warnings:
            text = "It went through the gate; worth a second look:"
            self.message_user(request, listed(text, passed.warnings), messages.WARNING)

    def _refuse(self, request: HttpRequest, post: Post, pressed: str) -> None:
        """Answer a button that was not offered: of an older page, or not this person's."""
        if pressed == "_publish" and may_publish(request) and post.is_published():
            said, level = "was published already; its date stays.", messages.SUCCESS
        else:
            said, level = "is saved; its state stays as it is.", messages.WARNING
        self.message_user(request, f"“{post}” {said}", level)

    # -- The list

    @admin.display(description="state", ordering="status")
    def state(self, post: Post) -> SafeString:
        scheduled = post.is_scheduled()
        name = "scheduled" if scheduled else post.status
        label = "Scheduled" if scheduled else post.get_status_display()
        return format_html('<span class="chip chip-{}">{}</span>', name, label)


def listed(text: str, items: list[str]) -> SafeString:
    """Return a sentence with a list under it, as a message shows it."""
    rows = format_html_join("", "<li>{}</li>", ((item,) for item in items))
    return format_html("{}<ul>{}</ul>", text, rows)


def _published_words(post: Post, now: datetime) -> str:
    at = post.published_at or now
    if not post.is_published(now):
        held = " Its embargo lasts until then." if post.not_before == at else ""
        return f"is scheduled for {moments.in_words(at)}.{held}"
    return "is published." if at == now else f"is published, dated {moments.in_words(at)}."


def _submitted(post: Post, now: datetime) -> str:
    return "waits for review." if post.submit() else "is in review already."


def _returned(post: Post, now: datetime) -> str:
    return "is a draft again." if post.return_to_draft(at=now) else "stays as it is."


def _withdrawn(post: Post, now: datetime) -> str:
    return "is withdrawn: readers no longer see it." if post.withdraw(at=now) else "stays as it is."


def _pressed(request: HttpRequest) -> str:
    """Return the button the form was sent with, "" for one that only saves."""
    return next((name for name in ("_publish", *VERBS) if name in request.POST), "")


VERBS = {"_withdraw": _withdrawn, "_return": _returned, "_submit": _submitted}
