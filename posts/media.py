"""Who may see a file under /media/: the images of public posts are public, others the desk's.

One query for each file; two for an address that no file has now, which may be a replaced one's.
What a post's page shows is looked up in the table of uses, so that an embargo, a draft or a
withdrawn post hides its images as it hides its words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core import signing
from django.db.models import Exists, OuterRef, Value
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from posts import cards, previews, renditions
from posts.library import Image, ImageQuerySet, ImageUse
from posts.models import Post
from posts.pictures import Picture

COOKIE = "media_pass"
COOKIE_LASTS = timedelta(hours=12)
_staff = signing.Signer(salt="posts.media.staff", sep=".")
_RENDITION = re.compile(r"renditions/(?P<pk>[0-9]{1,18})/[0-9a-f]{12}-(?P<kind>[a-z0-9.]+)")
_CARD = re.compile(r"cards/(?P<pk>[0-9]{1,18})-[0-9a-f]{16}\.(?:png|jpg)")
CONTENT_TYPES = {".avif": "image/avif", ".webp": "image/webp"}  # Not all systems know them.


@dataclass(frozen=True)
class Visitor:
    """What a request brings along to open files that are not public, already verified."""

    now: datetime
    staff_pk: int | None = None
    post_pk: int | None = None

    @classmethod
    def of(cls, request: HttpRequest, now: datetime) -> "Visitor":
        shown = request.GET.get("pass", "")
        post_pk = previews.verify_pass(shown, now) if shown else None
        return cls(now, _staff_pk(request.COOKIES.get(COOKIE, ""), now), post_pk)


@dataclass(frozen=True)
class File:
    """What answers a request: a file below MEDIA_ROOT, or the address that stands for it now."""

    name: str
    is_public: bool
    is_final: bool = True  # The original stands in for a rendition that is being made.
    moved_to: str = ""

    @property
    def content_type(self) -> str | None:
        return CONTENT_TYPES.get(self.name[self.name.rfind(".") :])

    @property
    def cache_control(self) -> str:
        if not self.is_public:
            return "private, no-store"
        return "public, max-age=31536000, immutable" if self.is_final else "no-cache"


def find(path: str, visitor: Visitor) -> File | None:
    """Return what this visitor gets at the path below /media/; None: nothing is there for them."""
    if found := _RENDITION.fullmatch(path):
        return _rendition(path, int(found["pk"]), found["kind"], visitor)
    if found := _CARD.fullmatch(path):
        return _card(path, int(found["pk"]), visitor)
    return None if "\0" in path else _original(path, visitor)


def _original(path: str, visitor: Visitor) -> File | None:
    if image := _allowed(Image.objects.filter(image_file=path), visitor):
        return File(path, image.is_public)
    # A second query, for addresses of replaced files and of nothing alone: asked in one with the
    # first, Postgres reads the whole table (20,000 images: 12 ms instead of 0.1).
    image = _allowed(Image.objects.filter(former_names__contains=[path]), visitor)
    return _moved(image.image_file.url, image.is_public) if image else None


def _rendition(path: str, pk: int, kind: str, visitor: Visitor) -> File | None:
    image = _allowed(Image.objects.filter(pk=pk), visitor)
    if image is None:
        return None
    picture: Picture = image.picture
    if path in picture.renditions:
        if renditions.path_of(path).exists():
            return File(path, image.is_public)
        return File(picture.name, image.is_public, is_final=False)
    # A page from before the image was replaced, or its focal point moved, asks for the old one.
    same = [name for name in picture.renditions if name.endswith(f"-{kind}")]
    return _moved(f"{settings.MEDIA_URL}{same[0]}", image.is_public) if same else None


def _card(path: str, pk: int, visitor: Visitor) -> File | None:
    """Return a public post's card, drawn now if it never was; nobody needs one of a draft."""
    post = (
        Post.objects.published(visitor.now)
        .filter(pk=pk)
        .select_related("lead_image")
        .only("title", "is_retracted", "lead_image_alt", "lead_image__image_file",
              "lead_image__image_width", "lead_image__image_height", "lead_image__image_ppoi",
              "lead_image__is_animated")
        .first()
    )  # fmt: skip
    if post is None:
        return None
    card = cards.ensure(post)
    return File(path, is_public=True) if card.name == path else _moved(card.url, is_public=True)


def _moved(url: str, is_public: bool) -> File:
    return File("", is_public, is_final=False, moved_to=url)


def _allowed(images: ImageQuerySet, visitor: Visitor) -> Any:
    """Return the one image asked for, with `is_public`, if this visitor may see it, or None.

    What decides is asked beside the row, without a LIMIT: inside the WHERE, or for a row among
    many, Postgres starts from all public posts.
    """
    by_pass: Any = Value(visitor.post_pk == previews.ANY_IMAGE)
    if visitor.post_pk:
        by_pass = Exists(ImageUse.objects.filter(post=visitor.post_pk, image=OuterRef("pk")))
    by_cookie: Any = Value(False)
    if visitor.staff_pk:  # Somebody who left since the cookie was given sees nothing more.
        staff = get_user_model().objects.filter(is_active=True, is_staff=True)
        by_cookie = Exists(staff.filter(pk=visitor.staff_pk))
    asked = images.with_publicity(visitor.now).annotate(is_by_pass=by_pass, is_by_cookie=by_cookie)
    image: Any = next(iter(asked.order_by()), None)
    is_allowed = image and (image.is_public or image.is_by_pass or image.is_by_cookie)
    return image if is_allowed else None


def _staff_pk(value: str, now: datetime) -> int | None:
    """Return whom a cookie was given to, or None for a forged or expired one."""
    try:
        user_pk, expires = _staff.unsign(value).split("-")
    except signing.BadSignature:
        return None
    return int(user_pk) if now.timestamp() < int(expires) else None


class StaffPass:
    """Middleware: the admin's pages show images, and their session's cookie ends at /admin/.

    Who may see the library gets a second cookie, for /media/ alone, with each page of the admin;
    it opens files, says who it was given to and nothing else, and goes when they log out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info == "/admin/logout/":
            response.delete_cookie(COOKIE, path=settings.MEDIA_URL, samesite="Lax")
        elif request.path_info.startswith("/admin/") and _is_page(response) and _may_see(request):
            now = timezone.now()
            response.set_cookie(
                COOKIE,
                _staff.sign(f"{request.user.pk}-{int((now + COOKIE_LASTS).timestamp())}"),
                max_age=COOKIE_LASTS,
                path=settings.MEDIA_URL,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def _is_page(response: HttpResponse) -> bool:
    is_html = response.get("Content-Type", "").startswith("text/html")
    return response.status_code == 200 and is_html


def _may_see(request: HttpRequest) -> bool:
    user = request.user
    return user.is_authenticated and user.is_staff and user.has_perm("posts.view_image")
