"""What the open form of a post asks again and again: when it would go out, with what is typed."""

from datetime import datetime
from typing import Any

from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from pbrsite.numbers import row_number
from posts.buttons import publish_label
from posts.models import Post
from subscriptions import forecast

CLOCK = "%H:%M %Z"


@require_GET
def noon_line(request: HttpRequest, admin: ModelAdmin) -> JsonResponse:
    """Return the noon line and the publish button's words; nothing typed is saved.

    `now` and `utc_offset`, in seconds, set the form's own clock by ours.
    """
    now = timezone.now()
    post = _asked_for(request, admin)
    answer: dict[str, Any] = {
        "now": now.timestamp(),
        "utc_offset": timezone.localtime(now).utcoffset().total_seconds(),  # type: ignore[union-attr]
        "as_of": f"{timezone.localtime(now):{CLOCK}}",
    }
    try:
        _put_typed(request, post, now)
        line = forecast.line(post, now, may_publish=request.user.has_perm("posts.publish_post"))
        words = {"line": line, "button": publish_label(post, now)}
    except ValidationError as error:
        words = {"line": " ".join(error.messages), "button": ""}
    except OverflowError:  # No noon comes after the calendar's last day.
        words = {"line": "That time is too far away. Choose another one.", "button": ""}
    return JsonResponse(answer | words)


def _asked_for(request: HttpRequest, admin: ModelAdmin) -> Post:
    """Return the post, which this person must be allowed to see, or a new one."""
    pk = request.GET.get("post", "")
    if not pk:
        if not admin.has_add_permission(request):
            raise PermissionDenied
        return Post()
    post: Post = get_object_or_404(admin.get_queryset(request), pk=row_number(pk))
    if not admin.has_view_permission(request, post):
        raise PermissionDenied
    return post


def _put_typed(request: HttpRequest, post: Post, now: datetime) -> None:
    """Put the form's fields onto the post as far as they were sent; raises ValidationError."""
    from posts.admin.zone import ZonedField  # Its neighbours register at the site that asks here.

    for name in ("published_at", "not_before"):
        parts = [request.GET.get(f"{name}_{number}", "").strip() for number in (0, 1)]
        if f"{name}_0" in request.GET and not (name == "published_at" and post.is_published(now)):
            field = ZonedField(required=False)
            setattr(post, name, field.clean_from(getattr(post, name), parts))
    if "is_mailed" in request.GET:
        post.is_mailed = request.GET["is_mailed"] == "true"
    if post.is_scheduled(now) and post.not_before and post.published_at:
        post.published_at = max(post.published_at, post.not_before)
