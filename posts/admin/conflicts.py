"""Two editors, one post: nobody saves over what somebody else saved without having seen it."""

from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from pbrsite.numbers import row_number
from posts.admin.differences import Sides, differences
from posts.admin.drafts import WorkingCopiesMixin, keep
from posts.admin.saving import last_saver, saved_meanwhile
from posts.admin.submissions import merged, rebased
from posts.drafts import WorkingCopy, name_of
from posts.models import Post

GONE = (
    "This post was deleted while you were writing. Your text is kept and shown below as a new "
    "post: save it, or leave this page."
)


class ConflictsMixin(WorkingCopiesMixin):
    """Compares the saving a form was opened with to the one there is now, under a lock."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.method != "POST" or not object_id:
            return super().changeform_view(request, object_id, *args, **kwargs)
        with transaction.atomic():
            answer = self._answer_to_conflict(request, object_id)
            return answer or super().changeform_view(request, object_id, *args, **kwargs)

    def _answer_to_conflict(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        """Lock the post; where it was saved since the form was opened, keep the text and say so.

        None lets the saving go on: nobody saved, or what they saved was seen and decided on.
        """
        based_on = request.POST.get("based_on")
        if not based_on or row_number(object_id) is None:
            return None
        post = (
            Post.objects.select_for_update(of=("self",), no_key=True).filter(pk=object_id).first()
        )
        if post is None:
            return self._rescue(request)
        if not self.has_change_permission(request, post):
            return None  # Django refuses it, in its own words.
        now_saved = post.saved_at.isoformat()
        if now_saved in {request.POST.get("_over"), request.POST.get("_merge")}:
            request.POST = self._decided(request, post)  # type: ignore[assignment]
        elif based_on != now_saved:
            keep(request, post)
            return redirect(request.get_full_path())
        return None

    def _rescue(self, request: HttpRequest) -> HttpResponse:
        self.message_user(request, GONE, messages.WARNING)
        query = urlencode({"copy": keep(request, None).key})
        return redirect(f"{reverse('admin:posts_post_add')}?{query}")

    def _decided(self, request: HttpRequest, post: Post) -> QueryDict:
        """Return what was sent with the chosen fields as they are saved, based on that saving."""
        saved = self._sides(request, post, None)
        data = request.POST.copy()
        for formset in saved[1]:
            data, _ = rebased(data, formset.prefix, formset.queryset)
        if "_merge" in data:
            theirs = {name for name, side in data.items() if side == "theirs"}
            data = merged(data, saved, {name.removeprefix("_side-") for name in theirs})
        data["based_on"] = post.saved_at.isoformat()
        return data

    def _sides(self, request: HttpRequest, post: Post, data: QueryDict | None) -> Sides:
        """Return the form and its tables as saved or, with data, as typed; on a copy of the row."""
        instance = Post.objects.get(pk=post.pk)
        form_class = super(WorkingCopiesMixin, self).get_form(request, instance, change=True)
        tables = []
        for formset_class, inline in self.get_formsets_with_inlines(request, instance):
            prefix, rows = formset_class.get_default_prefix(), inline.get_queryset(request)
            sent = rebased(data, prefix, rows)[0] if data is not None else None
            tables.append(formset_class(sent, instance=instance, prefix=prefix, queryset=rows))
        return form_class(data, instance=instance), tables

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        post: Post | None = context.get("original")
        copy = self._shown(request, post) if post else None
        if post and copy and copy.based_on != post.saved_at:
            context["conflict"] = self._conflict_context(request, post, copy)
        return super().render_change_form(request, context, *args, **kwargs)

    def _conflict_context(
        self, request: HttpRequest, post: Post, copy: WorkingCopy
    ) -> dict[str, Any]:
        user, saver = cast(User, request.user), last_saver(post)
        mine = self._sides(request, post, copy.form_data())
        theirs = self._sides(request, post, None)
        return {
            "sentence": saved_meanwhile(post, user, timezone.now()),
            "name": name_of(saver) if saver and saver != user else "",
            "saved_at": post.saved_at.isoformat(),
            "differences": differences(mine, theirs),
        }
