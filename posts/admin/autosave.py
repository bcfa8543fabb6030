"""The address a post's form sends its text to while somebody types."""

import json
from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from pbrsite import rates
from pbrsite.characters import printable
from posts import moments
from posts.admin.saving import saved_meanwhile
from posts.admin.submissions import form_key
from posts.drafts import Typed, WorkingCopy, name_of, presence
from posts.models import Post

MOST_BYTES = 2_000_000
MOST_NAMES = 2_000
MOST_PER_MINUTE = 60
NOT_ALLOWED = (
    "You may not change this post any more: it was published, or given to somebody else. "
    "Your text is kept in this browser; ask an editor to take it over."
)
TOO_LONG = "This is too much to keep as a working copy (over 2 MB). Save the post itself."
NOT_UNDERSTOOD = "What the form sent was not understood. Save the post, and open it again."
TOO_MUCH = (OverflowError, RecursionError)  # A number without end, lists within lists.
TOO_OFTEN = "Too many changes at once: kept in this browser, tried again in a moment."


class Refusal(Exception):  # noqa: N818 (an answer, not a fault)
    """What was sent is not kept; the reason is shown beside the buttons."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class AutosaveMixin(admin.ModelAdmin):
    """Adds the addresses of autosave, of a new post and of one there is, to the posts' admin."""

    def get_urls(self) -> list[Any]:
        mine = [
            path("add/autosave/", self.autosave_view, name="posts_post_autosave_new"),
            path("<int:post_id>/autosave/", self.autosave_view, name="posts_post_autosave"),
        ]
        return mine + super().get_urls()

    @method_decorator([require_POST, never_cache])
    def autosave_view(self, request: HttpRequest, post_id: int | None = None) -> JsonResponse:
        """Keep what an open form sends, and say who else is there; the post's row is not touched.

        A script asks, so nothing redirects: an expired log-in is a 401, and whatever else fails
        says why. A post deleted meanwhile leaves the text as that of a new one.
        """
        now = timezone.now()
        try:
            user = self._typist(request, now)
            typed = typed_in(request)
            post = self._post_typed_in(request, post_id)
        except Refusal as refusal:
            return JsonResponse({"reason": refusal.reason}, status=refusal.status)
        if typed.key in request.session.get("saved_forms", []):
            return JsonResponse({"is_closed": True})  # Overtaken by the form's own saving.
        WorkingCopy.objects.keep(post, user, typed, now=now)
        return JsonResponse(news(post, user, typed, now=now))

    def _typist(self, request: HttpRequest, now: datetime) -> User:
        if not self.admin_site.has_permission(request):
            raise Refusal(401, "Your log-in has expired.")
        user = cast(User, request.user)
        if request.headers.get("X-Written-By") != str(user.pk):
            raise Refusal(403, f"{name_of(user)} is logged in now, who did not write this.")
        period = timedelta(minutes=1)
        if not rates.take(f"autosave:{user.pk}", size=MOST_PER_MINUTE, per=period, now=now):
            raise Refusal(429, TOO_OFTEN)
        return user

    def _post_typed_in(self, request: HttpRequest, post_id: int | None) -> Post | None:
        post = Post.objects.filter(pk=post_id).first() if post_id else None
        if not self.may_write(request, post):
            raise Refusal(403, NOT_ALLOWED)
        return post

    def may_write(self, request: HttpRequest, post: Post | None) -> bool:
        """Return whether this person may save that very post, or a new one."""
        if post is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, post)


def typed_in(request: HttpRequest) -> Typed:
    """Return what the form sent, checked for shape and size; raises `Refusal`."""
    if int(request.headers.get("Content-Length") or 0) > MOST_BYTES:
        raise Refusal(413, TOO_LONG)
    try:
        sent = json.loads(request.body)
        fields = sent["data"].items()
        data = {printable(name): [printable(text) for text in texts] for name, texts in fields}
        based_on = parse_datetime(sent["based_on"] or "")
        typed = Typed(
            key=form_key(sent["key"]),
            from_key=form_key(sent["from_key"]),
            sequence=min(int(sent["sequence"]), 2**62),
            based_on=based_on,
            data=data,
        )
    except (ValueError, TypeError, KeyError, AttributeError, *TOO_MUCH) as error:
        raise Refusal(400, NOT_UNDERSTOOD) from error
    is_aware = based_on is None or timezone.is_aware(based_on)
    if not typed.key or not is_aware or len(data) > MOST_NAMES:
        raise Refusal(400, NOT_UNDERSTOOD)
    return typed


def news(post: Post | None, user: User, typed: Typed, *, now: datetime) -> dict[str, Any]:
    """Return what the form says next: when it was kept, who else is there, who saved meanwhile."""
    if post is None:
        return {"at": moments.clock(now, now), "others": [], "conflict": ""}
    others = list(WorkingCopy.objects.open_elsewhere(post, user, now))
    is_older = typed.based_on != post.saved_at
    return {
        "at": moments.clock(now, now),
        "others": presence(others, now),
        "conflict": saved_meanwhile(post, user, now) if is_older else "",
    }
