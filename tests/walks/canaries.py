"""Planted addresses: where they are kept, and every form in which one might leak."""

import base64
import codecs
import hashlib
from html import escape
from urllib.parse import quote

from django.test import Client
from django.utils import timezone

from comments import notices, ownership
from comments.identities import Identity, PersonalLink
from comments.models import Comment
from comments.replies import Notice
from posts.models import Post
from subscriptions.models import Subscriber
from tests.factories import make_post, make_tag

READER, SUBSCRIBER = "canary.reader@birds.test", "canary.subscriber@birds.test"
MAKERS = ("md5", "sha1", "sha256")


def forms_of(address: str) -> set[str]:
    """Return the address as it might leak: plain, encoded, or as a hash somebody could look up."""
    raw = address.encode()
    spelled = {
        address,
        address.partition("@")[0],
        address.upper(),
        address.title(),
        address.replace("@", " at "),
    }
    digests = [
        hashlib.new(name, text.encode(), usedforsecurity=False).digest()
        for name in MAKERS
        for text in (address, address.upper(), f"mailto:{address}", address.partition("@")[0])
    ]
    return {
        *spelled,
        *(codecs.encode(text, "rot13") for text in spelled),
        address[::-1],
        quote(address),
        "".join(f"%{byte:02x}" for byte in raw),
        "".join(f"&#{byte};" for byte in raw),
        "".join(f"&#x{byte:x};" for byte in raw),
        escape(address).replace("@", "&#64;"),
        raw.hex(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.b32encode(raw).decode().rstrip("="),
        *(digest.hex() for digest in digests),
        *(base64.b64encode(digest).decode().rstrip("=") for digest in digests),
        *(base64.urlsafe_b64encode(digest).decode().rstrip("=") for digest in digests),
    }


def leaks(text: str, *addresses: str) -> set[str]:
    """Return every form of the addresses that the text holds, in any case."""
    folded = text.lower()
    return {form for one in addresses for form in forms_of(one) if form.lower() in folded}


def plant() -> Post:
    """Keep the addresses wherever they can be kept, beside a comment in every state."""
    post = make_post(tags=(make_tag(),))
    identity = Identity.objects.create(email=READER, confirmed_at=timezone.now())
    PersonalLink.objects.create(email=READER, asked_at=timezone.now())
    for state in Comment.State:
        words = {"name": "", "body": ""} if state == "erased" else {"name": "N", "body": "Text"}
        comment = Comment.objects.create(post=post, state=state, **words)
        notices.keep_contact(comment, email=READER, network="203.0.113.0/24", wants_replies=True)
        Notice.objects.create(
            identity=identity, about=comment, kind="reply", owed_at=timezone.now()
        )
    Subscriber.objects.create(email=SUBSCRIBER).confirm(at=timezone.now())
    return post


def paths_of(post: Post) -> list[str]:
    """Return what is below the post, and the pages of the comments room beside it."""
    path = post.get_absolute_url()
    token = Identity.objects.get().mute_token
    confirm = Identity.objects.get().confirm_token(is_remembered=True)
    return [
        path, f"{path}feed/", f"{path}comments/", f"{path}comments/received/",
        f"{path}comments/nobody/edit/", "/comments/yours/", "/comments/yours/check-your-mail/",
        "/comments/yours/tampered/", f"/comments/mute/{token}/", f"/comments/confirm/{confirm}/",
        "/comments/confirm/tampered/", "/comments/mute/tampered/",
    ]  # fmt: skip


def visitor_of(post: Post) -> Client:
    """Return a browser that sent all of the post's comments and confirmed the address."""
    client = Client()
    public_ids = Comment.objects.filter(post=post).values_list("public_id", flat=True)
    client.cookies[ownership.COOKIE] = ownership.cookie_value(post, list(public_ids))
    client.cookies["commenter"] = Identity.objects.get().cookie
    return client
