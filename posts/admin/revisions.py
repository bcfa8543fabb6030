"""The history of a post in the admin: what is kept, looked at, compared and put back."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from posts import restoration, revisions
from posts.descriptions import difference
from posts.history import RevisionNote
from posts.models import Post
from posts.snapshots import CONTENT, Snapshot, of_post, whole, with_heirs

PER_PAGE = 50


class RevisionsMixin(admin.ModelAdmin):
    """Keeps a revision of every save made here, and has the pages of a post's history.

    Each page asks for the permission to change that very post.
    """

    # -- Keeping ----------------------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Post, form: Any, change: bool) -> None:
        if change:
            revisions.catch_up([obj.pk], now=timezone.now())
        super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        revisions.record([obj.pk], by=request.user, now=timezone.now())
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Keep what the admin's log says was changed; it is told when everything is saved."""
        revisions.record([obj.pk], by=request.user, now=timezone.now())
        return super().log_change(request, obj, message)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet, *location: Any, **options: Any
    ) -> HttpResponse | None:
        """Keep what an action on the list made of the posts that were ticked, whichever it is."""
        if request.POST.get("action") == "delete_selected":
            return super().response_action(request, queryset, *location, **options)
        chosen = queryset
        if request.POST.get("select_across") in {None, "", "0"}:
            ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
            chosen = queryset.filter(pk__in=[pk for pk in ticked if pk.isdigit()])
        with transaction.atomic():
            ids = list(chosen.order_by("pk").values_list("pk", flat=True))
            revisions.catch_up(ids, now=timezone.now())
            response = super().response_action(request, queryset, *location, **options)
            revisions.record(ids, by=request.user, now=timezone.now())
        return response

    # -- Pages ------------------------------------------------------------------------------

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        mine = [
            path("<path:object_id>/history/compare/", view(self.compare_view),
                 name="posts_post_compare"),
            path("<path:object_id>/history/<int:revision_id>/restore/", view(self.restore_view),
                 name="posts_post_restore"),
        ]  # fmt: skip
        return mine + super().get_urls()

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """List the post's revisions, newest first, and the changes that were planned for it."""
        post = self.changeable(request, object_id)
        notes = post.revision_notes.newest_first().select_related("revision__user")
        page = Paginator(notes, PER_PAGE).get_page(request.GET.get("page"))
        context = {
            "title": "History",
            "page": page,
            "changes": post.changes.select_related("made_by").order_by("-pk")[:10],
            **(extra_context or {}),
        }
        return self.page(request, "revision_list", post, context)

    def compare_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show two revisions side by side: `new`, and `old` or else the one before it."""
        post = self.changeable(request, object_id)
        new = _note(post, request.GET.get("new", ""))
        if "old" in request.GET:
            old = _note(post, request.GET["old"])
        else:
            earlier = post.revision_notes.filter(revision_id__lt=new.revision_id)
            old = earlier.newest_first().select_related("revision__user").first() or new
        old, new = sorted([old, new], key=lambda note: note.revision_id)
        snapshots = revisions.snapshots_of({old, new})
        found = difference(snapshots[old.pk], snapshots[new.pk])
        context = {"title": "Compare", "old": old, "new": new, "difference": found}
        return self.page(request, "revision_compare", post, context)

    def restore_view(self, request: HttpRequest, object_id: str, revision_id: int) -> HttpResponse:
        """Ask, with what would change; then put the old content back."""
        post = self.changeable(request, object_id)
        note = _note(post, str(revision_id))
        if request.method == "POST":
            return self._restore(request, post, note)
        then = with_heirs(revisions.snapshots_of([note])[note.pk])
        now = of_post(whole(Post.objects.all()).get(pk=post.pk))
        found = difference(now, _content_of(then, now))
        context = {"title": "Restore", "note": note, "difference": found}
        return self.page(request, "revision_restore", post, context)

    def _restore(self, request: HttpRequest, post: Post, note: RevisionNote) -> HttpResponse:
        try:
            left_out = restoration.restore(note, by=request.user, now=timezone.now())
        except restoration.HinderedError as error:
            said = f"Nothing was restored, since readers would see it at once. {error}"
            self.message_user(request, said, messages.ERROR)
            return HttpResponseRedirect(request.path)
        said = f"“{post}” has its content of {note.moment} again."
        self.message_user(request, said, messages.SUCCESS)
        if left_out:
            said = "Left out, since it does not exist any more or is not allowed any more: "
            self.message_user(request, f"{said}{'; '.join(left_out)}.", messages.WARNING)
        return HttpResponseRedirect(reverse("admin:posts_post_change", args=[post.pk]))

    # -- For every page about one post --------------------------------------------------------

    def changeable(self, request: HttpRequest, object_id: str) -> Post:
        """Return the post if this person may change it; 404 if there is none, 403 if not."""
        post = self.get_object(request, unquote(object_id))
        if post is None:
            raise Http404
        if not self.has_change_permission(request, post):
            raise PermissionDenied
        found: Post = post
        return found

    def page(
        self, request: HttpRequest, name: str, post: Post, context: dict[str, Any]
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "post": post,
            "subtitle": str(post),
            "zone": settings.TIME_ZONE,
            **context,
        }
        return TemplateResponse(request, f"admin/posts/post/{name}.html", context)


def _note(post: Post, revision_id: str) -> RevisionNote:
    """Return the post's own revision of that number, or raise 404."""
    number = int(revision_id) if revision_id.isascii() and revision_id.isdigit() else 0
    notes = post.revision_notes.select_related("revision__user")
    note: RevisionNote = get_object_or_404(notes, revision_id=min(number, 2**31 - 1))
    return note


def _content_of(then: Snapshot, now: Snapshot) -> Snapshot:
    """Return what the post would be with the content of then: the rest stays as it is now."""
    content = {name: value for name, value in then.fields.items() if name in CONTENT}
    return Snapshot(now.fields | content, now.rows | then.rows, now.names | then.names)
