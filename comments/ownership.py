"""Which comments a browser wrote: the signed cookie that sending one sets.

It holds public ids and goes with the requests for that one post only. Every sender gets one, also
one whose comment was refused: the cookie tells nobody what became of the words.
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from comments.models import Comment, new_public_id
from posts.models import Post

COOKIE = "own-comments"
KEPT_SECONDS = 7 * 24 * 3600
MOST = 10


def public_ids(request: HttpRequest, post: Post) -> list[str]:
    """Return the ids this browser proves to have been given for this post; usually none."""
    value = request.COOKIES.get(COOKIE)
    if not value:
        return []
    try:
        ids: list[str] = signing.loads(value, salt=_salt(post), max_age=KEPT_SECONDS)
    except signing.BadSignature:
        return []
    return ids


def newest(request: HttpRequest, post: Post) -> Comment | None:
    """Return what this browser sent last for the post, if it is kept; no query without cookie."""
    ids = public_ids(request, post)
    return Comment.objects.filter(post=post, public_id=ids[-1]).first() if ids else None


def cookie_value(post: Post, public_ids: list[str]) -> str:
    """Return the signed ids; worth something for this post alone."""
    return signing.dumps(public_ids, salt=_salt(post))


def remember(response: HttpResponse, request: HttpRequest, post: Post, own: Comment | None) -> None:
    """Set the cookie for what was sent just now, beside what was sent before."""
    public_id = own.public_id if own else new_public_id()
    ids = [one for one in public_ids(request, post) if one != public_id]
    response.set_cookie(
        COOKIE,
        cookie_value(post, [*ids, public_id][-MOST:]),
        max_age=KEPT_SECONDS,
        path=post.get_absolute_url(),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _salt(post: Post) -> str:
    return f"comments.own.{post.pk}"
