"""A writer's own comment, for ten minutes: change its words, or withdraw it."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from comments import intake, notices, ownership, trust
from comments.forms import EditForm
from comments.models import Comment
from pbrsite.forms import public_post
from pbrsite.private import private_page
from posts.models import Post


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@private_page(referrer="same-origin")
def edit(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """Open to the browser that sent the comment; any other learns not even whether it exists."""
    post = get_object_or_404(Post.objects.published(), slug=slug)
    own = Comment.objects.shown_to_writer(post, ownership.public_ids(request, post))
    comment = own.filter(public_id=public_id).first()
    if comment is None:
        return render(request, "comments/comment_foreign.html", {"post": post}, status=404)
    if request.method == "POST":
        return _change(request, comment)
    if not comment.is_editable(timezone.now()):
        return _too_late(request, comment)
    return _form(request, comment)


@public_post
def _change(request: HttpRequest, comment: Comment) -> HttpResponse:
    if request.POST.get("choice") == "withdraw":
        return _withdraw(request, comment)
    form = EditForm(request.POST, comment=comment, action=request.path)
    if not form.is_valid():
        return _form(request, comment, form, status=422)
    cookie = request.COOKIES.get(trust.COOKIE, "")
    body = form.cleaned_data["body"]
    try:
        is_changed = intake.revise(comment, body=body, cookie=cookie, now=timezone.now())
    except intake.TooManyError as error:
        form.add_error(None, str(error))
        response = _form(request, comment, form, status=429)
        response["Retry-After"] = str(int(intake.WINDOW.total_seconds()))
        return response
    if not is_changed:
        return _too_late(request, comment, text=body)
    return _see_other(reverse("comments:received", args=[comment.post.slug]))


def _withdraw(request: HttpRequest, comment: Comment) -> HttpResponse:
    """Blank it for ever, and forget the address it came with."""
    now = timezone.now()
    if not notices.withdraw(Comment.objects.filter(pk=comment.pk).editable(now), now=now):
        return _too_late(request, comment)
    return render(request, "comments/comment_withdrawn.html", {"post": comment.post})


def _form(
    request: HttpRequest, comment: Comment, form: EditForm | None = None, *, status: int = 200
) -> HttpResponse:
    form = form or EditForm(comment=comment, action=request.path)
    context = {"comment": comment, "post": comment.post, "form": form}
    return render(request, "comments/comment_edit.html", context, status=status)


def _too_late(request: HttpRequest, comment: Comment, text: str = "") -> HttpResponse:
    context = {"post": comment.post, "text": text}
    return render(request, "comments/comment_settled.html", context, status=403)


def _see_other(url: str) -> HttpResponse:
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response
