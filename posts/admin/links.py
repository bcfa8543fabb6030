"""The editor's search for a post of ours to link to."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format

from posts import visibility
from posts.models import Post, PostQuerySet

SHOWN = 10
MOST_WORDS = 8


class LinkPicker(admin.ModelAdmin):
    """What `PostAdmin` answers when words are typed into the editor's link dialog."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.links)
        return [path("links/", view, name="posts_post_links"), *super().get_urls()]

    def links(self, request: HttpRequest) -> HttpResponse:
        """Return the posts whose titles hold all words of `q`, the newest first, as JSON."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        words = request.GET.get("q", "").replace("\x00", "").split()[:MOST_WORDS]
        posts = titled(words, request.user)[:SHOWN] if words else Post.objects.none()
        return JsonResponse({"posts": [_row(post) for post in posts]})


def titled(words: list[str], user: AbstractBaseUser | AnonymousUser) -> PostQuerySet:
    """Return what may be linked to: what is public, and of the rest what this person may see.

    Not the withdrawn, whose address answers nobody.
    """
    own = Post.objects.open_to(user).exclude(status=Post.Status.WITHDRAWN).values("pk")
    posts = Post.objects.filter(visibility.published(timezone.now()) | Q(pk__in=own))
    for word in words:
        posts = posts.filter(title__icontains=word)
    return posts.only("title", "slug", "status", "published_at").order_by("-published_at", "-pk")


def _row(post: Post) -> dict[str, Any]:
    is_out = post.is_published()
    at = post.published_at
    return {
        "title": post.title,
        "url": post.get_absolute_url(),
        "date": date_format(timezone.localtime(at), "j F Y") if at else "",
        "state": "Scheduled" if post.is_scheduled() else post.get_status_display(),
        "note": "" if is_out else "It is not public yet: until then the link leads nowhere.",
    }
