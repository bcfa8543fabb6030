"""Comments and moderators for the tests: plain functions with safe defaults."""

from datetime import timedelta
from itertools import count
from typing import Any

import time_machine
from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from comments import notices, trust
from comments.forms import CommentForm
from comments.identities import Identity
from comments.models import Comment
from posts.models import Post
from tests.factories import make_post

_numbers = count(1)
CANARY = "canary.bird+secret@example.org"


def make_comment(*, email: str = "", contact: Any = None, **values: Any) -> Comment:
    """Return a saved comment, held unless told otherwise; with an address it has a contact."""
    defaults: dict[str, Any] = {"name": "Anna Reader", "body": "A thought about probation."}
    if "post" not in values:
        parent = values.get("parent")
        defaults["post"] = parent.post if parent else make_post()
    comment = Comment.objects.create(**defaults | values)
    if email:
        notices.keep_contact(comment, email=email, **contact or {})
    return comment


def published(**values: Any) -> Comment:
    return make_comment(state=Comment.State.PUBLISHED, **values)


def approved(*, email: str, wants_replies: bool = False, **values: Any) -> Comment:
    """Return a comment staff have published, proven to come from the address."""
    defaults = {"state": Comment.State.PUBLISHED, "decided_at": timezone.now()}
    contact = {"is_proven": True, "wants_replies": wants_replies}
    return make_comment(email=email, contact=contact, **defaults | values)


def make_identity(email: str, **values: Any) -> Identity:
    """Return a confirmed identity."""
    return Identity.objects.create(email=email, **{"confirmed_at": timezone.now()} | values)


def client_of(identity: Identity) -> Client:
    """Return a browser that the identity's owner confirmed in."""
    client = Client()
    client.cookies[trust.COOKIE] = identity.cookie
    return client


def signed_fields(post: Post, **values: str) -> dict[str, str]:
    """Return the fields of a form that a reader opened a minute ago and filled in."""
    with time_machine.travel(timezone.now() - timedelta(minutes=1), tick=False):
        token = CommentForm(post=post).render_token
    fields = {"name": "Ben Reader", "email": "ben@example.org", "body": "A first comment."}
    return fields | {"rendered": token} | values


def send(client: Client, post: Post, **values: str) -> HttpResponse:
    return client.post(f"/{post.slug}/comments/", signed_fields(post, **values))  # type: ignore[return-value]


def make_moderator(*permissions: str, **values: Any) -> User:
    """Return staff without superuser rights who may see and change comments, and what is named."""
    defaults: dict[str, Any] = {"username": f"moderator-{next(_numbers)}", "is_staff": True}
    user = User.objects.create_user(**defaults | values)
    names = ["view_comment", "change_comment", *permissions]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user
