"""How a comment will look, before it is sent: nothing is checked but its limits, nothing kept."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from comments import closing, markup, spam
from comments.forms import CommentForm
from comments.models import Comment
from pbrsite import rates
from pbrsite.forms import public_post
from posts.models import Post

# From one network, where a whole office or prison wing may sit; rendering takes milliseconds.
MOST, WINDOW = 60, timedelta(minutes=10)
LARGEST_BODY = 100_000  # bytes, as for the comment itself
NOTHING = "Write your comment first; then it can be shown."
TOO_LARGE = f"Shorten this to {spam.LONGEST_TEXT:,} characters."
TOO_MANY = "Too many previews are asked for just now. Your text is kept: send it without one."
CLOSED = "Comments on this post are closed."


@public_post
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the text as it will be shown: as JSON to our script, else above the same form."""
    post = get_object_or_404(Post.objects.published(), slug=slug)
    is_script = request.headers.get("Accept", "") == "application/json"
    if not (request.META.get("CONTENT_LENGTH") or "0").isdecimal() or _is_too_large(request):
        status, problem, html = 413, TOO_LARGE, ""
    else:
        status, problem, html = _rendered(request, post)
    if is_script:
        response: HttpResponse = JsonResponse({"html": html, "problem": problem}, status=status)
    else:
        response = _form_page(request, post, problem=problem, html=html, status=status)
    if status == 429:
        response["Retry-After"] = str(int(WINDOW.total_seconds()))
    response["X-Robots-Tag"] = "noindex"
    return response


def _is_too_large(request: HttpRequest) -> bool:
    """Return what Content-Length says, which is all that is read of a body that is."""
    return int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY


def _rendered(request: HttpRequest, post: Post) -> tuple[int, str, str]:
    """Return the status, what is wrong in words, and the HTML of the text."""
    network = rates.network(request)
    if not closing.is_open(post, timezone.now()):
        return 403, CLOSED, ""
    if network and not rates.take(
        f"comments.preview:{network}", size=MOST, per=WINDOW, now=timezone.now()
    ):
        return 429, TOO_MANY, ""
    text = request.POST.get("body", "").replace("\r\n", "\n").strip()
    if not text:
        return 422, NOTHING, ""
    if found := spam.problems(text, longest=spam.LONGEST_TEXT):
        return 422, " ".join(found), ""
    return 200, "", markup.render(text)


def _form_page(
    request: HttpRequest, post: Post, *, problem: str, html: str, status: int
) -> HttpResponse:
    """Show the form as it was filled in, without complaint about what is still missing."""
    if status == 413:
        return render(request, "comments/comment_too_large.html", {"post": post}, status=413)
    if status == 403:
        text = request.POST.get("body", "")
        context = {"post": post, "text": text}
        return render(request, "comments/comments_closed.html", context, status=403)
    answered = request.POST.get("parent", "").replace("\x00", " ")  # Postgres knows no NUL.
    parent = Comment.objects.filter(post=post, public_id=answered).published().first()
    form = CommentForm(post=post, parent=parent)
    form.initial = {name: request.POST.get(name, "") for name in form.fields}
    context = {"post": post, "form": form, "preview_html": html, "problem": problem}
    return render(request, "comments/comment_form.html", context, status=status)
