"""One walk over every public address with canary addresses planted where addresses are kept."""

import base64
import codecs
import hashlib
from urllib.parse import quote

import pytest
from django.core import mail
from django.utils import timezone

from comments import notices
from comments.models import Comment
from subscriptions.models import Subscriber
from tests.factories import make_post, make_staff, make_tag
from tests.walks.crawler import crawl

READER, SUBSCRIBER = "canary.reader@birds.test", "canary.subscriber@birds.test"


def forms_of(address: str) -> set[str]:
    """Return the address as it might leak: plain, encoded, or as a hash somebody could look up."""
    raw = address.encode()
    digests = [hashlib.new(name, raw) for name in ("md5", "sha1", "sha256")]
    return {
        address,
        quote(address),
        "".join(f"%{byte:02x}" for byte in raw),
        codecs.encode(address, "rot13"),
        base64.b64encode(raw).decode().rstrip("="),
        *(digest.hexdigest() for digest in digests),
        *(base64.b64encode(digest.digest()).decode().rstrip("=") for digest in digests),
    }


def plant() -> list[str]:
    """Leave a comment in every state and a subscriber in every state; return paths to visit."""
    post = make_post(tags=(make_tag(),))
    for state in Comment.State:
        words = {"name": "", "body": ""} if state == "erased" else {"name": "N", "body": "Text"}
        comment = Comment.objects.create(post=post, state=state, **words)
        notices.keep_contact(comment, email=READER, network="203.0.113.0/24")
    Subscriber.objects.create(email=SUBSCRIBER).confirm(at=timezone.now())
    path = post.get_absolute_url()
    return [path, f"{path}feed/", f"{path}comments/", f"{path}comments/received/"]


@pytest.mark.django_db
def test_no_address_and_no_hash_of_one_is_anywhere_public(client):
    seen = crawl(client, *plant(), "/comments/nothing/", "/u/tampered/", "/digest/2015/06/01/")
    secret = forms_of(READER) | forms_of(SUBSCRIBER)
    found = {
        (path, form)
        for path, text in seen.items()
        for form in secret
        if form.lower() in text.lower()
    }
    assert found == set()
    assert len(seen) > 20


@pytest.mark.django_db
def test_the_notice_to_moderators_holds_no_address(client, run_jobs):
    make_staff(email="moderator@birds.test")
    plant()
    notices.announce(timezone.now())
    run_jobs()
    assert len(mail.outbox) == 1
    text = mail.outbox[0].message().as_string()
    assert not [form for form in forms_of(READER) if form in text]


@pytest.mark.django_db
def test_a_public_page_does_not_even_read_the_table_of_addresses(
    client, django_assert_max_num_queries
):
    for path in plant():
        with django_assert_max_num_queries(20) as captured:
            client.get(path)
        assert not [q for q in captured if "commentcontact" in q["sql"].lower()]
