"""Decisions at the queue: about one row, about the whole list, and taking them back.

Each address takes a POST of who may moderate and answers a script with JSON, a plain form with
the way back to the list. What came or changed after the page was opened is never decided about.
"""

from datetime import MAXYEAR, MINYEAR, datetime
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from comments import spam, undoing
from comments.deskform import VERBS
from comments.models import Comment, CommentQuerySet
from pbrsite.numbers import row_number

if TYPE_CHECKING:
    from comments.admin.desk import CommentDesk


@require_POST
def one(request: HttpRequest, desk: "CommentDesk") -> HttpResponse:
    """Decide about one comment, or answer it as staff, which approves what waits."""
    verb, _, number = request.POST.get("decision", "").partition(":")
    chosen = _seen(request, desk).filter(pk=row_number(number) or 0)
    now = timezone.now()
    if verb == "reply":
        _guard(request, desk)
        return _replied(request, chosen, now)
    changed = _decide(request, desk, chosen, verb, now)
    said = told(verb, changed) if changed else _unchanged(desk, request, row_number(number) or 0)
    return _answer(request, said, changed=changed, now=now)


@require_POST
def everything(request: HttpRequest, desk: "CommentDesk") -> HttpResponse:
    """Decide about all that the list held when it was opened, on all its pages."""
    _guard(request, desk)
    try:
        changelist: Any = desk.get_changelist_instance(request)
    except IncorrectLookupParameters as error:
        raise BadRequest("There is no such list. Open it again.") from error
    listed = changelist.get_queryset(request).values("pk")
    verb, now = request.POST.get("everything", ""), timezone.now()
    changed = _decide(request, desk, _seen(request, desk).filter(pk__in=listed), verb, now)
    return _answer(request, told(verb, changed), changed=changed, now=now)


@require_POST
def undo(request: HttpRequest, desk: "CommentDesk") -> HttpResponse:
    """Take one's own decision of that moment back."""
    _guard(request, desk)
    now = timezone.now()
    changed = undoing.undo(by=staff(request), decided_at=moment(request, "undo"), now=now)
    said = f"{_comments(changed)} back as before." if changed else (
        "Nothing was undone: ten minutes are over, or somebody has decided anew."
    )  # fmt: skip
    return _answer(request, said, changed=changed, now=None)


def staff(request: HttpRequest) -> User:
    """Return who is at the desk; the admin lets nobody in without a log-in."""
    return cast(User, request.user)


def told(verb: str, changed: int) -> str:
    return f"{_comments(changed)} {VERBS[verb][2]}."


def _guard(request: HttpRequest, desk: "CommentDesk") -> None:
    if not desk.has_moderate_permission(request):
        raise PermissionDenied


def _seen(request: HttpRequest, desk: "CommentDesk") -> CommentQuerySet:
    """Return what this person may see and had before their eyes when the page was made."""
    seen = as_seen(request, desk.get_queryset(request))
    return Comment.objects.filter(pk__in=seen.order_by().values("pk"))


def as_seen(request: HttpRequest, comments: CommentQuerySet) -> CommentQuerySet:
    """Leave out what came, was edited or was decided by a colleague since the list was made."""
    seen = moment(request, "seen")
    of_colleagues = Q(decided_at__gt=seen, decided_by__isnull=False) & ~Q(decided_by=staff(request))
    return comments.unchanged_since(seen).exclude(of_colleagues)


def _decide(
    request: HttpRequest, desk: "CommentDesk", chosen: CommentQuerySet, verb: str, now: datetime
) -> int:
    _guard(request, desk)
    if verb not in VERBS:
        raise BadRequest("There is no such decision. Open the list again.")
    changed: int = getattr(chosen, verb)(by=staff(request), now=now)
    return changed


def _replied(request: HttpRequest, chosen: CommentQuerySet, now: datetime) -> HttpResponse:
    """Publish a reply; what is wrong with it is said, and the words stay in their box."""
    text = request.POST.get("reply", "").replace("\r\n", "\n").strip()
    if found := spam.problems(text, longest=spam.LONGEST_TEXT) or ([] if text else ["Write it."]):
        return _answer(request, f"Not published. {' '.join(found)}", changed=0, now=None)
    approved = chosen.held().approve(by=staff(request), now=now)
    comment = chosen.published().select_related("post").first()
    if comment is None:
        said = "Not published: the comment is not public, or changed since you opened this page."
        return _answer(request, said, changed=0, now=None)
    comment.reply(by=staff(request), body=text, now=now)
    said = f"Your reply is published{', and the comment with it' if approved else ''}."
    return _answer(request, said, changed=1, now=now if approved else None)


def _unchanged(desk: "CommentDesk", request: HttpRequest, pk: int) -> str:
    comment = desk.get_queryset(request).filter(pk=pk).first()
    if comment is None:
        return "This comment is not here any more."
    seen = moment(request, "seen")
    if comment.edited_at and comment.edited_at > seen:
        return "Its writer changed it since you opened this page. Open the page again and read it."
    return f"Nothing changed: this comment is {comment.get_state_display().lower()} by now."


def _comments(number: int) -> str:
    return f"{number} comment{'' if number == 1 else 's'}"


def moment(request: HttpRequest, name: str) -> datetime:
    """Return the moment a field of the list's form names; 400 for what is none of our lists'."""
    try:
        found = parse_datetime(request.POST.get(name, ""))
    except ValueError:
        found = None
    # At either end of the calendar the offset leads out of what Postgres knows.
    if found is None or timezone.is_naive(found) or not MINYEAR < found.year < MAXYEAR:
        raise BadRequest("This form was changed on its way. Open the list again.")
    return found


def _answer(request: HttpRequest, said: str, *, changed: int, now: datetime | None) -> HttpResponse:
    """Say what happened; `now` is the moment by which it can be undone, if it can."""
    if request.headers.get("Accept") == "application/json":
        waiting = Comment.objects.waiting_count()
        undo_at = now.isoformat() if now and changed else ""
        return JsonResponse({"said": said, "changed": changed, "undo": undo_at, "waiting": waiting})
    messages.add_message(request, messages.SUCCESS if changed else messages.WARNING, said)
    query = QueryDict(request.POST.get("query", "")[:2_000]).urlencode()
    url = reverse("admin:comments_comment_changelist")
    return HttpResponseRedirect(f"{url}?{query}" if query else url)
