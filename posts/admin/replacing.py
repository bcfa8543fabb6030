"""Where an image is used, and what may be done about it: replace, merge with a twin, delete."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from posts.images import UploadField
from posts.models import Image, Post


class ReplaceForm(forms.Form):
    file = UploadField(label="New file", help_text="JPEG, PNG, WebP or GIF.")


class ReplacingMixin:
    """Pages of one image beyond its form. Each asks for its own permission on that image."""

    def get_urls(self) -> list[URLPattern]:
        def page(view: Any) -> Any:
            return self.admin_site.admin_view(view)  # type: ignore[attr-defined]

        own = [
            path("<int:pk>/replace/", page(self.replace_view), name="posts_image_replace"),
            path("<int:pk>/twin/", page(self.twin_view), name="posts_image_twin"),
            path("<int:pk>/facts/", page(self.facts_view), name="posts_image_facts"),
        ]
        return own + super().get_urls()  # type: ignore[misc,no-any-return]

    def replace_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what uses the image, and on POST put another file in its place everywhere."""
        image = get_object_or_404(Image, pk=pk)
        if not self.has_change_permission(request, image):  # type: ignore[attr-defined]
            raise PermissionDenied
        form = ReplaceForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid() and self._replace(request, image, form):
            return HttpResponseRedirect(reverse("admin:posts_image_change", args=[pk]))
        title = f"Replace “{image.file_name}”"
        context = {"form": form, "uses": uses_of(image, request.user)}
        return self._page(request, image, "replace", {"title": title, **context})

    def _replace(self, request: HttpRequest, image: Image, form: ReplaceForm) -> bool:
        try:
            posts = image.replace(form.cleaned_data["file"])
        except ValidationError as error:
            form.add_error("file", error)
            return False
        self.log_change(request, image, "Replaced the file.")  # type: ignore[attr-defined]
        who = "1 post now shows" if len(posts) == 1 else f"{len(posts)} posts now show"
        shown = f"{who} the new file."
        said = shown if posts else "No post uses it yet."
        messages.success(request, f"“{image.file_name}” is in its place. {said}")
        return True

    def twin_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Let whoever uploaded a file twice take the one that was there, or keep both."""
        image = get_object_or_404(Image, pk=pk)
        if not self.has_add_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        twin = image.twins().first()
        if twin is None:
            raise Http404
        if request.method == "POST":
            return self._settle(request, image, twin)
        context = {"title": "This image is in the library already", "twin": twin,
                   "twin_uses": uses_of(twin, request.user),
                   "is_used": image.uses.exists()}  # fmt: skip
        return self._page(request, image, "twin", context)

    def _settle(self, request: HttpRequest, image: Image, twin: Image) -> HttpResponse:
        """Remove the new copy when that is asked: nothing is lost, the older file is the same.

        No permission to delete is needed for it, therefore; but no post may use the copy.
        """
        if "keep" in request.POST:
            messages.success(request, f"Both are kept: “{image.file_name}” is in the library.")
            return HttpResponseRedirect(reverse("admin:posts_image_change", args=[image.pk]))
        if image.uses.exists() or image.created_at < twin.created_at:
            messages.error(request, "This copy is in use or the older one: it stays.")
            return HttpResponseRedirect(reverse("admin:posts_image_change", args=[image.pk]))
        self.log_deletions(request, [image])  # type: ignore[attr-defined]
        image.delete()
        messages.success(request, "The new copy is removed; this is the one that was here.")
        return HttpResponseRedirect(reverse("admin:posts_image_change", args=[twin.pk]))

    def facts_view(self, request: HttpRequest, pk: int) -> JsonResponse:
        """Return what a form shows of an image just chosen."""
        image = get_object_or_404(Image, pk=pk)
        if not self.has_view_permission(request, image):  # type: ignore[attr-defined]
            raise PermissionDenied
        return JsonResponse(
            {"name": image.file_name, "thumbnail": image.picture.thumbnail_url,
             "alt": image.image_alt_text, "credit": image.credit}
        )  # fmt: skip

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """Name the posts that keep an image from being deleted."""
        found: tuple[Any, Any, Any, Any] = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        deleted, counts, missing, protected = found
        if protected:
            protected = [line for image in objs for line in _lines(uses_of(image, request.user))]
        return deleted, counts, missing, protected

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for image in queryset:  # One by one: each takes its files along.
            image.delete()

    def _page(
        self, request: HttpRequest, image: Image, name: str, context: dict[str, Any]
    ) -> HttpResponse:
        site = self.admin_site.each_context(request)  # type: ignore[attr-defined]
        whole = {**site, "opts": Image._meta, "image": image, **context}
        return TemplateResponse(request, f"admin/posts/image/{name}.html", whole)


@dataclass(frozen=True)
class Uses:
    """The posts that use an image: a line for each this person may know of, a count of the rest."""

    named: list[dict[str, Any]]
    others: int

    def __len__(self) -> int:
        return len(self.named) + self.others


def uses_of(image: Image, user: AbstractBaseUser | AnonymousUser) -> Uses:
    """Return the posts that use the image; by title only what is public or open to that person.

    Two queries. What is public is linked where it stands, what is open, in the admin.
    """
    posts = image.used_in()
    theirs = Post.objects.filter(pk__in=[post.pk for post in posts]).open_to(user)
    open_to_them = set(theirs.values_list("pk", flat=True))
    named = [
        {
            "title": post.title,
            "url": reverse("admin:posts_post_change", args=[post.pk])
            if post.pk in open_to_them
            else post.get_absolute_url(),
            "state": _state(post),
            "is_lead": post.lead_image_id == image.pk,
        }
        for post in posts
        if post.pk in open_to_them or post.is_published()
    ]
    return Uses(named, others=len(posts) - len(named))


def uses_list(image: Image, user: AbstractBaseUser | AnonymousUser) -> SafeString:
    context = {"uses": uses_of(image, user)}
    return render_to_string("admin/posts/image/_uses.html", context)


def _state(post: Post) -> str:
    return "Scheduled" if post.is_scheduled() else post.get_status_display()


def _lines(uses: Uses) -> list[SafeString]:
    lines = [
        format_html('<a href="{}">{}</a> ({})', use["url"], use["title"], use["state"].lower())
        for use in uses.named
    ]
    if uses.others:
        lines.append(format_html("{} other post{}", uses.others, "s" * (uses.others > 1)))
    return lines
