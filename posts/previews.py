"""Previews of what is not public: the pass that lets their pictures through."""

from datetime import UTC, datetime, timedelta

from django.core import signing
from django.utils import timezone

PASS_LASTS = timedelta(hours=2)
ANY_IMAGE = 0  # The desk's own preview of an unsaved form, which may name any picture.
_passes = signing.Signer(salt="posts.previews.pass", sep=".")


def media_pass(post_pk: int, now: datetime) -> str:
    """Return what opens that post's pictures (or any, for `ANY_IMAGE`) for one to two hours.

    It is the same for a whole hour, so that a preview redrawn while typing loads none anew.
    """
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return _passes.sign(f"{post_pk}-{int((hour + PASS_LASTS).timestamp())}")


def verify_pass(value: str, now: datetime | None = None) -> int | None:
    """Return the post a pass is for, `ANY_IMAGE` for all, or None for a forged or expired one."""
    try:
        post_pk, expires = _passes.unsign(value).split("-")
    except signing.BadSignature:
        return None
    return int(post_pk) if (now or timezone.now()).timestamp() < int(expires) else None
