"""Previews of what is not public: links for reviewers, and the pass that opens their pictures."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.core import signing
from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.urls import reverse
from django.utils import timezone

from pbrsite.mail import absolute

if TYPE_CHECKING:
    from posts.models import Post  # noqa: F401 (the foreign key's type)

LINK_LASTS = timedelta(days=7)
LINKS_KEPT = timedelta(days=30)  # after their end
PASS_LASTS = timedelta(hours=2)
ANY_IMAGE = 0  # The desk's own preview of an unsaved form, which may name any picture.
_passes = signing.Signer(salt="posts.previews.pass", sep=".")
_links = signing.Signer(salt="posts.previews.link", sep=".")


def media_pass(post_pk: int, now: datetime, *, link_pk: int | None = None) -> str:
    """Return what opens that post's pictures (or any, for `ANY_IMAGE`) for one to two hours.

    One given through a reviewer's link ends with that link.
    It is the same for a whole hour, so that a preview redrawn while typing loads none anew.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    expires = int((hour + PASS_LASTS).timestamp())
    return _passes.sign(f"{post_pk}-{expires}" + (f"-{link_pk}" if link_pk else ""))


def verify_pass(value: str, now: datetime | None = None) -> int | None:
    """Return the post a pass is for, `ANY_IMAGE` for all, or None for a forged or ended one.

    One query for a pass that came with a reviewer's link, none for others.
    """
    try:
        post_pk, expires, *link = _passes.unsign(value).split("-")
    except signing.BadSignature:
        return None
    now = now or timezone.now()
    if now.timestamp() >= int(expires):
        return None
    is_open = (
        not link or PreviewLink.objects.open(now).filter(pk=link[0], post=int(post_pk)).exists()
    )
    return int(post_pk) if is_open else None


def random_name() -> str:
    return secrets.token_urlsafe(12)


class PreviewLinkQuerySet(models.QuerySet["PreviewLink"]):
    def open(self, now: datetime) -> Self:
        return self.filter(revoked_at=None, expires_at__gt=now)

    def find(self, token: str, now: datetime) -> "PreviewLink | None":
        """Return the open link with this token; one query, none for a forged token.

        The token's second half is a signature, compared in constant time before anything is
        looked up: how long an answer takes says nothing about the links there are.
        """
        try:
            name = _links.unsign(token)
        except signing.BadSignature:
            return None
        return self.open(now).filter(name=name).first()


class PreviewLink(models.Model):
    """A way for a reviewer without an account to read a post as it is saved now.

    The row holds a random name, and the token is that name with a signature: an editor can copy
    the link again, while a copy of the database alone opens nothing.
    """

    post = models.ForeignKey("posts.Post", on_delete=models.CASCADE, related_name="preview_links")
    name = models.CharField(max_length=22, unique=True, default=random_name)
    creator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar[PreviewLinkQuerySet] = PreviewLinkQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-created_at", "-pk"]
        default_permissions = ()  # They go with the right to the post.
        constraints = [
            CheckConstraint(
                name="posts_previewlink_expires_later", condition=Q(expires_at__gt=F("created_at"))
            )
        ]

    def __str__(self) -> str:
        return f"preview of {self.post_id} until {self.expires_at:%Y-%m-%d}"

    @property
    def token(self) -> str:
        return _links.sign(self.name)

    @property
    def url(self) -> str:
        """Return the address to send to a reviewer."""
        return absolute(reverse("posts:preview", args=[self.token]))

    def is_open(self, now: datetime | None = None) -> bool:
        """Return whether it still shows the post; the twin of `PreviewLinkQuerySet.open`."""
        return self.revoked_at is None and (now or timezone.now()) < self.expires_at

    def revoke(self, at: datetime) -> bool:
        """Close the link for good; False when it was closed before."""
        links = PreviewLink.objects.filter(pk=self.pk, revoked_at=None)
        return bool(links.update(revoked_at=at))


def prune(now: datetime) -> dict[str, int]:
    """Delete links thirty days after they expired."""
    ended = PreviewLink.objects.filter(expires_at__lt=now - LINKS_KEPT)
    return {"preview links": ended.delete()[0]}
