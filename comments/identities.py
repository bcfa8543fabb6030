"""People who proved that an address is theirs, and what their links and cookie carry.

The address is kept here as in `comments.contacts`, and as few modules may import this one. What
leaves the house is a random key under a signature: it says nothing about the address.
"""

import secrets
from datetime import datetime, timedelta
from typing import Self

from django.core import signing
from django.db import models
from django.db.models import CheckConstraint, F, Q
from django.db.models.functions import Lower
from django.utils import timezone

CONFIRM_WITHIN = timedelta(days=7)
REMEMBERED_FOR = timedelta(days=365)
_CONFIRM, _COOKIE, _MUTE = "comments.confirm", "comments.identity", "comments.mute"


class InvalidLinkError(Exception):
    """The link is damaged, out of date, or was made for something else."""


class UsedLinkError(Exception):
    """The address was confirmed by this link or by another one mailed before."""


def new_key() -> str:
    """Return 128 random bits."""
    return secrets.token_urlsafe(16)


class IdentityQuerySet(models.QuerySet["Identity"]):
    def confirmed(self) -> Self:
        return self.filter(confirmed_at__isnull=False)

    def reachable(self) -> Self:
        """Return those who may be mailed about replies; the twin of `Identity.is_reachable`."""
        return self.confirmed().filter(muted_at=None)

    def claim(self, email: str) -> "Identity":
        """Return the address's row, made if need be, locked until the transaction ends.

        The insert passes over what is there: an error of the index would carry the address into
        the logs.
        """
        email = email.lower()
        self.bulk_create([Identity(email=email)], ignore_conflicts=True)
        return self.select_for_update().get(email=email)


class Identity(models.Model):
    """An address, proven once `confirmed_at` is set by its owner's click."""

    key = models.CharField(max_length=22, unique=True, default=new_key, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    confirm_key = models.CharField(max_length=22, default=new_key, editable=False)  # New each use.
    is_remembered = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)
    unanswered = models.PositiveSmallIntegerField(default=0)
    muted_at = models.DateTimeField(null=True)
    # Of rejected comments that are deleted by now: the last time staff said no.
    rejected_at = models.DateTimeField(null=True)

    objects = IdentityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            CheckConstraint(
                name="comments_identity_lower_case", condition=Q(email=Lower(F("email")))
            )
        ]

    def __str__(self) -> str:
        # Never the address: this is what logs and error pages print.
        return f"Identity {self.pk}"

    @property
    def is_reachable(self) -> bool:
        return self.confirmed_at is not None and self.muted_at is None

    @property
    def cookie(self) -> str:
        return signing.dumps(self.key, salt=_COOKIE)

    @property
    def mute_token(self) -> str:
        """Return what mutes and does nothing else. It never expires."""
        return signing.Signer(salt=_MUTE, sep=".").sign(self.key)

    def confirm_token(self, *, is_remembered: bool) -> str:
        """Return what proves once, within seven days, that its bearer reads this address's mail."""
        return signing.dumps([self.key, is_remembered, self.confirm_key], salt=_CONFIRM)


def of_cookie(value: str) -> Identity | None:
    """Return the confirmed identity a cookie stands for, or None."""
    try:
        key = signing.loads(value, salt=_COOKIE, max_age=REMEMBERED_FOR)
    except signing.BadSignature:
        return None
    return Identity.objects.confirmed().filter(key=key).first()


def of_confirm_token(token: str) -> tuple[Identity, bool]:
    """Return the identity and whether it asked to be remembered.

    Raises InvalidLinkError, and UsedLinkError once a link of the address was used.
    """
    try:
        key, is_remembered, once = signing.loads(token, salt=_CONFIRM, max_age=CONFIRM_WITHIN)
        identity = Identity.objects.get(key=key)
    except (signing.BadSignature, Identity.DoesNotExist, ValueError) as error:
        raise InvalidLinkError from error
    if identity.confirm_key != once:
        raise UsedLinkError
    return identity, is_remembered


def of_mute_token(token: str) -> Identity | None:
    """Return whom the link mutes; None when they are forgotten. Raises InvalidLinkError."""
    try:
        key = signing.Signer(salt=_MUTE, sep=".").unsign(token)
    except signing.BadSignature as error:
        raise InvalidLinkError from error
    return Identity.objects.filter(key=key).first()


class PersonalLink(models.Model):
    """Somebody asked what is kept about an address: answered by a job, good for an hour, then gone.

    The request that writes it looks nothing up, so its time tells nothing about the address.
    """

    email = models.EmailField(max_length=254)
    asked_at = models.DateTimeField(db_index=True)
    mailed_at = models.DateTimeField(null=True)
    # SHA-256 of the token: who reads this table still opens nothing.
    digest = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 - none has one.

    def __str__(self) -> str:
        return f"Link {self.pk}"


def forget_links(before: datetime) -> int:
    """Delete the links asked for before then; return how many."""
    return PersonalLink.objects.filter(asked_at__lt=before).delete()[0]
