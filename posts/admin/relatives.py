"""What stands beside a post, in its form: why, and the pins and bans, each done at once."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BoundField, Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from js_asset import Script

from pbrsite.characters import printable
from pbrsite.numbers import row_number
from posts import pins
from posts.admin.conflicts import ConflictsMixin
from posts.admin.drafts import is_own_page, keep
from posts.admin.links import MOST_WORDS, titled
from posts.admin.permissions import may_publish
from posts.models import RELATED_SHOWN, Post, RelatedChoice

FOUND = 10
ADDING = {"pin", "ban"}
UNSEEN = "A post you may not see yet"
COLUMNS = ("title", "slug", "status", "published_at", "is_retracted")


@dataclass
class Beside:
    """A row of the panel; `place` is where readers see it, None where they do not."""

    post: Post
    title: str
    why: str = ""
    place: int | None = None
    is_pinned: bool = False
    is_first: bool = False
    is_last: bool = False


class RelativesMixin(ConflictsMixin):
    """Adds the panel to the posts' form, and the address its buttons are sent to.

    It is no part of what the form saves: an open form undoes nothing that was chosen here.
    """

    @property
    def media(self) -> Media:
        return super().media + Media(js=[Script("pbrsite/admin/relatives.js", type="module")])

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.relatives_view)
        mine = path("<int:post_id>/relatives/", view, name="posts_post_relatives")
        return [mine, *super().get_urls()]

    @method_decorator([require_POST, never_cache])
    def relatives_view(self, request: HttpRequest, post_id: int) -> HttpResponse:
        """Do what one button says; answer with the panel as it is then, or lead back to the form.

        Without a script the whole form comes along: what was typed is kept as a working copy.
        """
        post = get_object_or_404(Post, pk=post_id)
        if not self.has_change_permission(request, post):
            raise PermissionDenied
        words = printable(request.POST.get("_relative_words", ""))[:200]
        verb, _, number = request.POST.get("_relative", "").partition(":")
        said, level = self._choose(request, post, verb, number)
        if "_fragment" in request.POST:
            context = relatives_context(request, post, words if verb == "find" else "")
            return render(request, "admin/posts/post/_relatives.html", context | {"said": said})
        if said:
            self.message_user(request, said, level)
        if self._is_typed_in(request, post):
            keep(request, post)
        asked = f"?{urlencode({'relatives': words})}" if verb == "find" and words else ""
        url = reverse("admin:posts_post_change", args=[post.pk])
        return HttpResponseRedirect(f"{url}{asked}#relatives")

    def _choose(self, request: HttpRequest, post: Post, verb: str, number: str) -> tuple[str, int]:
        if verb not in {*pins.VERBS, "compute"}:
            return "", messages.INFO
        other = None
        if verb != "compute":
            known = titled([], request.user) if verb in ADDING else Post.objects.all()
            other = known.filter(pk=row_number(number) or 0).first()
            if other is None:
                return "That post is not there any more, or not yours to see.", messages.WARNING
        try:
            said = pins.choose(post, verb, other, by=request.user, now=timezone.now())
        except pins.ChoiceError as error:
            return str(error), messages.WARNING
        if said and other:
            self.log_change(request, post, f"{said}.")
        return said, messages.SUCCESS

    def _is_typed_in(self, request: HttpRequest, post: Post) -> bool:
        """Return whether the form that came along differs from what is saved."""
        if "form_key" not in request.POST:
            return False
        sent = request.POST.copy()
        for name, values in sent.lists():  # A browser sends every line's end as two characters.
            sent.setlist(name, [str(value).replace("\r\n", "\n") for value in values])
        form, tables = self._sides(request, post, sent)
        is_typed = any(_differs(form[name]) for name in form.changed_data)
        return is_typed or any(table.has_changed() for table in tables)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        post: Post | None = context.get("original")
        is_own = is_own_page(request) and not context.get("is_popup")
        if post and is_own and self.has_change_permission(request, post):
            words = printable(request.GET.get("relatives", ""))[:200]
            context |= relatives_context(request, post, words)
            context["linked_from"] = getattr(post, "linking_rows", [])
        return super().render_change_form(request, context, *args, **kwargs)


def _differs(field: BoundField) -> bool:
    """Return whether a field that Django calls changed is: it strips one side's blanks alone."""
    before, sent = field.initial, field.data
    return not (isinstance(before, str) and isinstance(sent, str)) or before.strip() != sent.strip()


def relatives_context(request: HttpRequest, post: Post, words: str) -> dict[str, Any]:
    """Return what the panel shows: two queries, one more for a search, one for an author's eyes."""
    columns = [f"related__{name}" for name in COLUMNS]
    choices = list(
        post.related_choices.select_related("related").only("post", "verdict", "position", *columns)
    )
    pinned = [row.related for row in choices if row.verdict == RelatedChoice.Verdict.PIN]
    stored = post.relatives.select_related("related").only("post", "position", "reason", *columns)
    chosen = {row.related_id for row in choices}
    why = {row.related: row.explanation for row in stored if row.related_id not in chosen}
    banned = [row.related for row in choices if row.related not in pinned]
    titles = _titles(request, [*pinned, *why, *banned])
    rows = [Beside(other, titles[other], is_pinned=True) for other in pinned]
    rows += [Beside(other, titles[other], said) for other, said in why.items()]
    _place(rows, len(pinned))
    asked = words.split()[:MOST_WORDS]
    found = titled(asked, request.user).exclude(pk__in=[post.pk, *(p.pk for p in pinned)])
    return {
        "original": post,
        "relatives": rows,
        "banned": [Beside(other, titles[other]) for other in banned],
        "words": words,
        "found": list(found[:FOUND]) if asked else [],
        "relatives_url": reverse("admin:posts_post_relatives", args=[post.pk]),
    }


def _titles(request: HttpRequest, posts: list[Post]) -> dict[Post, str]:
    """Return each post's title, where this person may know it."""
    unseen: set[int] = set()
    if not may_publish(request):
        unseen = {post.pk for post in posts if not post.is_published()}
        if unseen:
            own = Post.objects.open_to(request.user).filter(pk__in=unseen)
            unseen -= set(own.values_list("pk", flat=True))
    return {post: UNSEEN if post.pk in unseen else post.display_title for post in posts}


def _place(rows: list[Beside], pinned: int) -> None:
    """Number what readers see, and say which pins are the ends of their order."""
    public = (row for row in rows if row.post.is_published())
    for place, row in zip(range(1, RELATED_SHOWN + 1), public, strict=False):
        row.place = place
    if pinned:
        rows[0].is_first, rows[pinned - 1].is_last = True, True
