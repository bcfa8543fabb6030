"""A change for later in the admin: made in the post's own form, watched over and decided here."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils import timezone

from posts import moments
from posts.admin.permissions import may_publish
from posts.admin.revisions import RevisionsMixin
from posts.admin.zone import ZonedField
from posts.changes import Plan
from posts.descriptions import current_names, difference
from posts.models import Post, ScheduledChange
from posts.snapshots import CONTENT, DECIDED_NOW, ROWS, Snapshot, fields_of, of_post, row_of, whole

BUTTON = "_later"
PREFIX = "later"
LEFT_ALONE = "A change for later leaves this alone. Put it back here, or save it by itself first."


class LaterForm(forms.Form):
    """When a change becomes public, beside the form of the post itself."""

    due_at = ZonedField(label="Make it public at")
    shows_as_updated = forms.BooleanField(
        required=False, label="Show the post as updated", help_text="With the date of that moment."
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    use_required_attribute = False  # It is part of a form that is mostly saved without it.

    def clean_due_at(self) -> Any:
        due_at = self.cleaned_data["due_at"]
        if due_at <= timezone.now():
            raise ValidationError("That time has passed. Choose one to come.")
        return due_at


def is_for_later(request: HttpRequest) -> bool:
    """Return whether this request writes a change for later, and not the post itself.

    In the form opened to edit a change (`?change=`) every button does: no slip makes it public.
    """
    is_written = BUTTON in request.POST or "change" in request.GET
    return request.method == "POST" and is_written


class ForLaterError(Exception):
    """The form is in order and asks for a change for later: the transaction saves nothing."""

    def __init__(self, form: Any) -> None:
        super().__init__()
        self.form = form


class ScheduledChangesMixin(RevisionsMixin):
    """Takes the post's form as a change for later, and has the page of each such change."""

    def get_urls(self) -> list[Any]:
        mine = path(
            "<path:object_id>/changes/<int:change_id>/",
            self.admin_site.admin_view(self.scheduled_change_view),
            name="posts_post_scheduled_change",
        )
        return [mine, *super().get_urls()]

    # -- The form -----------------------------------------------------------------------------

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """Return the post; to edit a change, with what it would be as `proposed`."""
        post = super().get_object(request, object_id, from_field)
        number = request.GET.get("change")
        if post is not None and number is not None:
            if not (number.isascii() and number.isdigit()) or not may_publish(request):
                raise Http404
            change = get_object_or_404(post.changes.open(), pk=min(int(number), 2**63 - 1))
            now = of_post(whole(Post.objects.all()).get(pk=post.pk))
            post.proposed, post.edited_change = change.merged_onto(now).snapshot, change
        return post

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        return _checked_for_later(form) if obj is not None and is_for_later(request) else form

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if is_for_later(request) and not may_publish(request):
            raise PermissionDenied
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ForLaterError as found:
            return self._schedule(request, found.form)

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        if is_for_later(request):
            raise ForLaterError(form)
        super().save_model(request, obj, form, change)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        post = context.get("original")
        if post is not None:
            # The form's own query says whether there may be one at all.
            waiting = post.changes.open().select_related("made_by")
            change = waiting.first() if getattr(post, "has_changes", True) else None
            edited = getattr(post, "edited_change", None)
            is_offered = may_publish(request) and post.is_published(timezone.now())
            context |= {"scheduled_change": change, "edited_change": edited}
            if is_offered or edited:
                context["later_form"] = _later_form(request, post)
        if context.get("edited_change"):
            names = ["save_and_add_another", "save_and_continue", "delete", "close"]
            context |= {f"show_{name}": False for name in names}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def _schedule(self, request: HttpRequest, form: Any) -> HttpResponse:
        post: Post = form.instance
        later = LaterForm(request.POST, prefix=PREFIX, initial=_planned(post))
        later.is_valid()  # The form was checked with it.
        wanted = self._snapshot(request, form)
        now = of_post(whole(Post.objects.all()).get(pk=post.pk))
        back = HttpResponseRedirect(reverse("admin:posts_post_change", args=[post.pk]))
        if not wanted.differs_from(now):
            said = "Nothing differs from the public post, so there is no change to keep."
            self.message_user(request, said, messages.WARNING)
            return back
        plan = Plan(wanted, later.cleaned_data["due_at"], later.cleaned_data["shows_as_updated"])
        ScheduledChange.objects.schedule(post.pk, plan, by=request.user, now=timezone.now())
        said = (
            f"Kept for {moments.in_words(plan.due_at)}. The public post stays as it is until then."
        )
        self.message_user(request, said, messages.SUCCESS)
        return back

    def _snapshot(self, request: HttpRequest, form: Any) -> Snapshot:
        """Return the whole post as the form has it, without saving any of it."""
        post: Post = form.instance
        now = of_post(whole(Post.objects.all()).get(pk=post.pk))
        rows = dict(getattr(post, "proposed", now).rows)
        rows["tagged_posts"] = sorted([tag.pk] for tag in form.cleaned_data["tags"])
        admin_form: Any = super()
        formsets, _ = admin_form._create_formsets(request, post, change=True)
        for formset in formsets:
            for spec in ROWS:
                if formset.model is spec.model and formset.is_valid() and formset.has_changed():
                    rows[spec.relation] = sorted(row_of(row, spec) for row in _kept(formset))
        typed = fields_of(post)
        wanted = Snapshot(now.fields | {name: typed[name] for name in CONTENT}, rows)
        return Snapshot(wanted.fields, rows, current_names(wanted))

    # -- The page of a change -------------------------------------------------------------------

    def scheduled_change_view(
        self, request: HttpRequest, object_id: str, change_id: int
    ) -> HttpResponse:
        """Show what the change would do to the post as it is now; decide about it."""
        post = self.changeable(request, object_id)
        changes = post.changes.select_related("made_by")
        change = get_object_or_404(changes, pk=min(change_id, 2**63 - 1))
        if request.method == "POST":
            return self._decide(request, post, change)
        now = of_post(whole(Post.objects.all()).get(pk=post.pk))
        merged = change.merged_onto(now)
        if change.is_open:
            found = difference(now, merged.snapshot)
        else:
            found = difference(*map(Snapshot.from_json, (change.before, change.after)))
        context = {
            "title": "Change for later",
            "change": change,
            "difference": found,
            "has_conflicts": change.is_open and bool(merged.conflicts),
            "may_decide": may_publish(request),
        }
        return self.page(request, "scheduled_change", post, context)

    def _decide(self, request: HttpRequest, post: Post, seen: ScheduledChange) -> HttpResponse:
        if not may_publish(request):
            raise PermissionDenied
        with transaction.atomic():
            change = post.changes.open().select_for_update().filter(pk=seen.pk).first()
            if change is None:
                said, level = "It was applied or cancelled already.", messages.WARNING
            elif request.POST.get("decision") == "cancel":
                change.cancel(timezone.now())
                said, level = "Cancelled. The public post stays as it is.", messages.SUCCESS
            else:
                said, level = _apply(change, request.POST.get("decision", ""))
        self.message_user(request, said, level)
        is_held = change is not None and change.is_held
        form = reverse("admin:posts_post_change", args=[post.pk])
        return HttpResponseRedirect(request.path if is_held else form)


def _apply(change: ScheduledChange, decision: str) -> tuple[str, int]:
    is_decided = decision in {"take-change", "keep-now"}
    is_now_kept = decision == "keep-now"
    if change.apply(now=timezone.now(), is_decided=is_decided, is_now_kept=is_now_kept):
        return "Applied: it is what readers see now.", messages.SUCCESS
    return f"Not applied. {' '.join(change.held_for)}", messages.WARNING


def _later_form(request: HttpRequest, post: Post) -> LaterForm:
    """Return the small form, with when the post was last saved as the reader of it saw it."""
    if is_for_later(request):
        data = request.POST.copy()
        data[f"{PREFIX}-seen"] = post.saved_at.isoformat()
        return LaterForm(data, prefix=PREFIX, initial=_planned(post))
    return LaterForm(initial={"seen": post.saved_at.isoformat()} | _planned(post), prefix=PREFIX)


def _planned(post: Post) -> dict[str, Any]:
    """Return what the change opened in the form was made for; nothing for a new one."""
    edited: ScheduledChange | None = getattr(post, "edited_change", None)
    if edited is None:
        return {}
    return {"due_at": edited.due_at, "shows_as_updated": edited.shows_as_updated}


def _checked_for_later(base: Any) -> Any:
    """Return the post's form with what a change for later must fulfil besides."""

    class Checked(base):
        def clean(self) -> dict[str, Any]:
            cleaned: dict[str, Any] = super().clean() or self.cleaned_data
            later = LaterForm(self.data, prefix=PREFIX, initial=_planned(self.instance))
            for name, errors in later.errors.items():
                self.add_error(None, [f"{later.fields[name].label}: {text}" for text in errors])
            for text in _reasons_against(self.instance, later):
                self.add_error(None, text)
            for name in DECIDED_NOW.intersection(self.changed_data):
                self.add_error(name, LEFT_ALONE)
            return cleaned  # The gate is asked by the post's own form, whose post this is.

    return Checked


def _reasons_against(post: Post, later: LaterForm) -> list[str]:
    if not post.is_published(timezone.now()):
        return ["Only a public post can have a change for later. Save this one as it is."]
    if later.data.get(f"{PREFIX}-seen") != post.saved_at.isoformat():
        return [
            "Somebody saved this post while you were writing. Look at its history in another "
            "window; if your text is still right, choose the time and press the button again."
        ]
    return []


def _kept(formset: Any) -> list[Any]:
    """Return the rows of an inline as they would be saved."""
    return [
        form.instance
        for form in formset.forms
        if (form.instance.pk or form.has_changed()) and not form.cleaned_data.get("DELETE")
    ]
