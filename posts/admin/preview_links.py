"""Preview links in the posts' form: made, copied and revoked by whoever may change the post."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from posts.models import Post, PreviewLink
from posts.previews import LINK_LASTS


class PreviewLinksMixin(admin.ModelAdmin):
    """Adds two addresses that answer with the list of a post's links as it is then."""

    def get_urls(self) -> list[Any]:
        make = self.admin_site.admin_view(self.make_link_view)
        revoke = self.admin_site.admin_view(self.revoke_link_view)
        mine = [
            path("<int:post_id>/preview-links/", make, name="posts_post_preview_links"),
            path("preview-links/<int:pk>/revoke/", revoke, name="posts_post_revoke_link"),
        ]
        return mine + super().get_urls()

    @method_decorator([require_POST, never_cache])
    def make_link_view(self, request: HttpRequest, post_id: int) -> HttpResponse:
        post = get_object_or_404(Post, pk=post_id)
        self._check_links(request, post)
        now = timezone.now()
        creator = cast(User, request.user)
        post.preview_links.create(creator=creator, created_at=now, expires_at=now + LINK_LASTS)
        return self._links_page(request, post)

    @method_decorator([require_POST, never_cache])
    def revoke_link_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        link = get_object_or_404(PreviewLink.objects.select_related("post"), pk=pk)
        self._check_links(request, link.post)
        link.revoke(timezone.now())
        return self._links_page(request, link.post)

    def _check_links(self, request: HttpRequest, post: Post) -> None:
        if not self.has_change_permission(request, post):
            raise PermissionDenied

    def _links_page(self, request: HttpRequest, post: Post) -> HttpResponse:
        return render(request, "admin/posts/post/_preview_links.html", links_context(post))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        post: Post | None = context.get("original")
        if post and self.has_change_permission(request, post) and not context.get("is_popup"):
            context |= links_context(post)
        return super().render_change_form(request, context, *args, **kwargs)


def links_context(post: Post) -> dict[str, Any]:
    links = post.preview_links.open(timezone.now()).select_related("creator")
    return {"original": post, "preview_links": list(links), "link_days": LINK_LASTS.days}
