"""The reader's side: send a comment, hear that it is checked, answer one without JavaScript."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from comments import closing, flood, intake, ownership, trust
from comments.forms import CommentForm
from comments.models import Comment
from pbrsite import rates
from pbrsite.forms import public_post
from posts.models import Post

# 5,000 characters, each at most four bytes, each byte percent-encoded, and the other fields.
LARGEST_BODY = 100_000


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, slug: str) -> HttpResponse:
    """One address: GET shows the form alone, POST takes a comment."""
    if request.method == "POST" and (refusal := flood.refusal(request, timezone.now())):
        return refusal
    post = get_object_or_404(Post.objects.published(), slug=slug)
    if request.method == "POST":
        return _receive(request, post)
    if not closing.is_open(post, timezone.now()):
        return _page(request, "comments_closed", post, status=403)
    return _form_page(request, CommentForm(post=post, parent=_parent(request, post)))


@require_safe
def received(request: HttpRequest, slug: str) -> HttpResponse:
    """Say that comments are checked: the same words for everybody, and to its writer the comment.

    Who is known here and published at once hears that, and whose browser is known by another
    address than the one given hears that too; no address is shown. Without the cookie it is one
    page that any cache may keep; with it no cache keeps it.
    """
    post = get_object_or_404(Post.objects.published(), slug=slug)
    own = ownership.newest(request, post)
    context = {
        "is_published": bool(own and own.is_public),
        "is_remembered_otherwise": request.GET.get("remembered") == "otherwise",
    }
    return _page(request, "comment_received", post, **context)


@public_post
def _receive(request: HttpRequest, post: Post) -> HttpResponse:
    if _announced_length(request) > LARGEST_BODY:
        return _page(request, "comment_too_large", post, status=413)
    if not closing.is_open(post, timezone.now()):
        return _page(request, "comments_closed", post, status=403, text=request.POST.get("body"))
    form = CommentForm(request.POST, post=post)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    cookie = request.COOKIES.get(trust.COOKIE, "")
    sender = intake.Sender(rates.network(request), cookie)
    try:
        own = intake.receive(form, sender=sender, now=timezone.now())
    except intake.TooManyError as error:
        form.add_error(None, str(error))
        response = _form_page(request, form, status=429)
        response["Retry-After"] = str(int(intake.WINDOW.total_seconds()))
        return response
    except intake.ParentGoneError:
        form.forget_parent()
        return _form_page(request, form, status=422)
    url = reverse("comments:received", args=[post.slug])
    if trust.is_other(cookie, form.cleaned_data["email"]):  # The page itself reads no address.
        url += "?remembered=otherwise"
    response = HttpResponseRedirect(url)
    response.status_code = 303
    ownership.remember(response, request, post, own)
    return response


def _announced_length(request: HttpRequest) -> int:
    """Return Content-Length, which is all that is read of a body: too long is refused unread."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0


def _parent(request: HttpRequest, post: Post) -> Comment | None:
    public_id = request.GET.get("parent", "").replace("\x00", " ")  # Postgres knows no NUL.
    if not public_id:
        return None
    parent = Comment.objects.filter(post=post, public_id=public_id).published().first()
    if parent is None:
        raise Http404("No such comment to answer.")
    return parent


def _form_page(request: HttpRequest, form: CommentForm, *, status: int = 200) -> HttpResponse:
    return _page(request, "comment_form", form.post, status=status, form=form)


def _page(
    request: HttpRequest, name: str, post: Post, *, status: int = 200, **context: object
) -> HttpResponse:
    response = render(request, f"comments/{name}.html", {"post": post, **context}, status=status)
    response["X-Robots-Tag"] = "noindex"
    return response
