"""Working copies in the posts' form: shown when it is opened again, gone when it is saved."""

import secrets
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.contrib.auth.models import User
from django.forms.utils import ErrorDict, ErrorList
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from js_asset import Script

from pbrsite.numbers import row_number
from posts import moments
from posts.admin.autosave import AutosaveMixin
from posts.admin.changes import is_for_later
from posts.admin.submissions import form_key, form_moment, rebased, typed_fields
from posts.drafts import Typed, WorkingCopy, WorkingCopyQuerySet, presence
from posts.models import Post

MODULES = ("autosave", "preview", "preview_links")
FORMS_REMEMBERED = 20
SHOWN_ON = {"posts_post_add", "posts_post_change"}


class WorkingCopiesMixin(AutosaveMixin):
    """Fills a form with what was typed and not saved, and lets go of it when it is saved."""

    @property
    def media(self) -> forms.Media:
        scripts = [Script(f"pbrsite/admin/{name}.js", type="module") for name in MODULES]
        return super().media + forms.Media(js=scripts)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.working_copy_view)
        mine = [path("working-copy/<int:pk>/<str:verb>/", view, name="posts_post_workingcopy")]
        return mine + super().get_urls()

    # -- Opening ----------------------------------------------------------------------------------

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.method == "GET" and is_own_page(request):
            copies = list(copies_of(request, object_id))
            request.working_copies = copies  # type: ignore[attr-defined]
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        is_scheduled = is_for_later(request) and answer.status_code == HTTPStatus.FOUND
        return finished(request, answer) if is_scheduled else answer

    def get_form(
        self, request: HttpRequest, obj: Post | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form_class = super().get_form(request, obj, change, **kwargs)
        copy = self._shown(request, obj)
        return filled_in(form_class, copy) if copy else form_class

    def get_formset_kwargs(
        self, request: HttpRequest, obj: Post, inline: Any, prefix: str
    ) -> dict[str, Any]:
        options: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        copy = self._shown(request, obj if obj.pk else None)
        if copy and f"{prefix}-TOTAL_FORMS" in copy.data:
            data, alive = rebased(copy.form_data(), prefix, options["queryset"])
            options |= {"data": data, "queryset": options["queryset"].filter(pk__in=alive)}
        return options

    def _create_formsets(self, request: HttpRequest, obj: Post, change: bool) -> tuple[Any, Any]:
        formsets, inlines = super()._create_formsets(request, obj, change)  # type: ignore[misc]
        if self._shown(request, obj if change else None):
            for formset in formsets:
                without_complaint(formset)
        return formsets, inlines

    def _shown(self, request: HttpRequest, post: Post | None) -> WorkingCopy | None:
        """Return the copy this form is filled with, for whoever may still change the post."""
        copies: list[WorkingCopy] = getattr(request, "working_copies", [])
        if not copies or (post and not self.has_change_permission(request, post)):
            return None
        wanted = request.GET.get("copy")
        if post is None:
            return next((copy for copy in copies if copy.key == wanted), None)
        return next((copy for copy in copies if copy.set_aside_at is None), None)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        post: Post | None = context.get("original")
        may = self.may_write(request, post)
        if is_own_page(request) and may and not context.get("is_popup"):
            context["draft"] = self._draft_context(request, post)
        return super().render_change_form(request, context, *args, **kwargs)

    def _draft_context(self, request: HttpRequest, post: Post | None) -> dict[str, Any]:
        now = timezone.now()
        user = cast(User, request.user)
        copy = self._shown(request, post)
        others = WorkingCopy.objects.open_elsewhere(post, user, now) if post else ()
        end = "" if post else "_new"
        args = [post.pk] if post else []
        based_on = copy.based_on if copy else post and post.saved_at
        return {
            "autosave_url": reverse(f"admin:posts_post_autosave{end}", args=args),
            "preview_url": reverse(f"admin:posts_post_preview{end}", args=args),
            "user": user.pk,
            "key": request.POST.get("form_key") or secrets.token_urlsafe(12),
            "from_key": request.POST.get("from_key") or (copy.key if copy else ""),
            "based_on": request.POST.get("based_on") or (based_on.isoformat() if based_on else ""),
            "touched": request.POST.get("touched") or (copy.touched if copy else ""),
            "is_unsent": request.method == "POST",
            "shown": copy,
            "others": [
                {"copy": other, "at": moments.clock(other.saved_at, now)}
                for other in getattr(request, "working_copies", [])
                if other != copy and other.saved_at
            ],
            "at": moments.clock(copy.saved_at, now) if copy and copy.saved_at else "",
            "presence": presence(list(others), now),
        }

    # -- Setting aside, putting back, throwing away -----------------------------------------------

    @method_decorator(require_POST)
    def working_copy_view(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        """Act on a copy of one's own; other people's are not found."""
        copy = get_object_or_404(WorkingCopy.objects.of(cast(User, request.user)), pk=pk)
        now = timezone.now()
        if "form_key" in request.POST and copy.post:  # From the form: with its latest words.
            copy = keep(request, copy.post)
        if verb == "set-aside":
            copy.set_aside(now)
        elif verb == "put-back":
            copy.put_back(now)
        elif verb == "delete":
            copy.delete()
        if copy.post_id:
            return redirect("admin:posts_post_change", copy.post_id)
        return redirect("admin:posts_post_add")

    # -- Saving -----------------------------------------------------------------------------------

    def response_add(
        self, request: HttpRequest, obj: Post, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return finished(request, super().response_add(request, obj, *args, **kwargs))

    def response_change(self, request: HttpRequest, obj: Post) -> HttpResponse:
        return finished(request, super().response_change(request, obj))

    def delete_model(self, request: HttpRequest, obj: Post) -> None:
        """Delete one's own copy with the post; what others were writing becomes a new post."""
        WorkingCopy.objects.of(cast(User, request.user)).filter(post=obj).delete()
        super().delete_model(request, obj)


def is_own_page(request: HttpRequest) -> bool:
    """Return whether the form is that of the post itself, not of a change to it for later."""
    match = request.resolver_match
    return bool(match and match.url_name in SHOWN_ON) and "change" not in request.GET


def copies_of(request: HttpRequest, object_id: str | None) -> WorkingCopyQuerySet:
    """Return this person's copies of the post, or of posts never saved; the newest first."""
    mine = WorkingCopy.objects.of(cast(User, request.user)).typed().order_by("-saved_at", "-pk")
    if object_id is None:
        return mine.filter(post=None)
    number = row_number(object_id)
    return mine.none() if number is None else mine.filter(post=number)


def filled_in(form_class: type[forms.ModelForm], copy: WorkingCopy) -> type[forms.ModelForm]:
    """Return the form bound to the copy, as after a refused POST, yet without the refusals."""

    class FilledIn(form_class):  # type: ignore[misc, valid-type]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(copy.form_data(), **kwargs)
            self._errors = ErrorDict()

    return FilledIn


def without_complaint(formset: Any) -> None:
    if formset.is_bound:
        formset._errors = [ErrorDict() for _ in formset.forms]
        formset._non_form_errors = ErrorList()
        for form in formset.forms:
            form._errors = ErrorDict()


def keep(request: HttpRequest, post: Post | None) -> WorkingCopy:
    """Keep what a form was sent with as the sender's current copy; it is the newest there is."""
    typed = Typed(
        key=form_key(request.POST.get("form_key", "")) or secrets.token_urlsafe(12),
        from_key=form_key(request.POST.get("from_key", "")),
        sequence=None,
        based_on=form_moment(request.POST.get("based_on", "")),
        data=typed_fields(request.POST),
    )
    return WorkingCopy.objects.keep(post, cast(User, request.user), typed, now=timezone.now())


def finished(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let go of the copy of a form that was saved, here and in the browser.

    The form's key is remembered, since a message it sent before may arrive after.
    """
    key = form_key(request.POST.get("form_key", ""))
    if key:
        keys = [key, form_key(request.POST.get("from_key", ""))]
        WorkingCopy.objects.of(cast(User, request.user)).filter(key__in=keys).delete()
        saved = request.session.get("saved_forms", [])
        request.session["saved_forms"] = [*saved, key][-FORMS_REMEMBERED:]
        response.set_cookie("saved_form", key, path="/admin/", samesite="Lax", max_age=86_400)
    return response
