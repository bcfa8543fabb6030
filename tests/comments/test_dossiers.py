"""What is kept about an address, shown to who reads its mail, and erased without a trace."""

import base64
import hashlib
import json
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from comments import trust
from comments.identities import Identity, PersonalLink
from comments.models import Comment
from comments.replies import Notice
from tests.comments.factories import CANARY, approved, make_identity, published, send
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db


def link(client: Client, run_jobs, email: str = CANARY) -> str:
    """Ask for the link and return its path."""
    assert client.post("/comments/yours/", {"email": email}).status_code == 303
    run_jobs()
    return str(mail.outbox[-1].body).split("http://testserver.test")[1].split()[0]


def test_link_shows_what_is_kept(client, run_jobs):
    approved(email=CANARY, body="My *published* words.", post=make_post(title="Prisons"))
    page = client.get(link(client, run_jobs))
    assert "<em>published</em>" in page.content.decode()
    assert "Prisons" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    assert mail.outbox[0].to == [CANARY]


def test_nobody_is_mailed_whose_address_is_not_kept(client, run_jobs):
    client.post("/comments/yours/", {"email": "nobody@example.org"})
    run_jobs()
    assert not mail.outbox
    assert not PersonalLink.objects.exists()


def test_answer_is_the_same_and_nothing_is_looked_up(client, django_assert_num_queries):
    make_identity(CANARY)
    seen = set()
    for email in (CANARY, "nobody@example.org"):
        with django_assert_num_queries(5) as captured:
            answer = client.post("/comments/yours/", {"email": email})
        assert not [q for q in captured if "comments_commentcontact" in q["sql"]
                    or "comments_identity" in q["sql"]]  # fmt: skip
        seen.add((answer.status_code, answer["Location"], answer.content))
    assert len(seen) == 1


def test_filled_trap_asks_for_nothing_and_is_told_nothing(client):
    answer = client.post("/comments/yours/", {"email": CANARY, "url": "x"})
    assert answer.status_code == 303
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.parametrize(
    "email", ["", "nonsense", "a@b", "x" * 9000 + "@example.org", "\x00@a.org"]
)
def test_what_is_no_address_is_handed_back(client, email):
    answer = client.post("/comments/yours/", {"email": email})
    assert answer.status_code == 422
    assert b"error-summary" in answer.content


def test_address_gets_three_links_a_day(client, run_jobs):
    approved(email=CANARY)
    for _ in range(4):
        client.post("/comments/yours/", {"email": CANARY})
    run_jobs()
    assert len(mail.outbox) == 3


def test_link_is_good_for_an_hour(client, run_jobs):
    approved(email=CANARY)
    url = link(client, run_jobs)
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        assert client.get(url).status_code == 410
        assert client.post(url, {"choice": "erase", "sure": "yes"}).status_code == 410


@pytest.mark.parametrize("token", ["x", "%00", "x" * 3000])
def test_invented_link_opens_nothing(client, token):
    assert client.get(f"/comments/yours/{token}/").status_code == 410


def test_export_is_a_file_with_everything(client, run_jobs):
    own = approved(email=CANARY, name="Canary Bird", body="My words.", wants_replies=True)
    make_identity(CANARY)
    published(email="other@example.org", body="Of another.")
    answer = client.post(link(client, run_jobs), {"choice": "export"})
    content = json.loads(answer.content)
    (entry,) = content["comments"]
    assert answer["Content-Disposition"] == 'attachment; filename="comments.json"'
    assert content["email"] == CANARY
    assert (entry["id"], entry["text"], entry["wants_replies"]) == (
        own.public_id,
        "My words.",
        True,
    )
    assert "Of another." not in answer.content.decode()


def test_erasure_asks_to_be_sure(client, run_jobs):
    approved(email=CANARY)
    url = link(client, run_jobs)
    assert client.get(url + "?choice=erase&sure=yes").status_code == 200
    answer = client.post(url, {"choice": "erase"})
    assert answer.status_code == 422
    assert Identity.objects.exists() or Comment.objects.published().exists()


def dump() -> str:
    """Return every row of every table as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
                       " WHERE relkind = 'r' AND nspname = 'public'")  # fmt: skip
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')  # noqa: S608 - names of our own.
            rows += [row for (row,) in cursor.fetchall()]
    return "\n".join(rows).lower()


def traces() -> set[str]:
    """Return the address and its unkeyed hashes, as a dump would show them."""
    raw = CANARY.encode()
    digests = [hashlib.new(name, raw).digest() for name in ("md5", "sha1", "sha256")]
    coded = {base64.b64encode(digest).decode().rstrip("=").lower() for digest in digests}
    return {CANARY, *(digest.hex() for digest in digests), *coded}


def test_after_erasure_the_address_is_in_no_table(client, run_jobs):
    post = make_post()
    send(client, post, email=CANARY, name="Canary Bird", body="Song.", notify="on", remember="on")
    run_jobs()
    confirm = str(mail.outbox[0].body).split("http://testserver.test")[1].split()[0]
    client.post(confirm, {"shown": Comment.objects.get().public_id})
    Comment.objects.all().approve(by=make_staff())
    run_jobs()
    send(client, post, email=CANARY, body=f"Write to {CANARY}, all of you.")
    url = link(client, run_jobs)
    assert CANARY in dump()
    assert Notice.objects.exists()
    answer = client.post(url, {"choice": "erase", "sure": "yes"})
    assert b"Everything is erased" in answer.content
    assert answer.cookies[trust.COOKIE]["max-age"] == 0
    after = dump()
    assert not [trace for trace in traces() if trace in after]
    assert "canary bird" not in after


def test_erasure_leaves_replies_of_others_in_place(client, run_jobs):
    own = approved(email=CANARY, body="My words.")
    published(parent=own, body="An answer.")
    client.post(link(client, run_jobs), {"choice": "erase", "sure": "yes"})
    page = client.get(own.post.get_absolute_url()).content.decode()
    assert "An answer." in page
    assert "My words." not in page


def test_page_of_another_site_cannot_erase(client, run_jobs):
    approved(email=CANARY)
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = client.post(link(client, run_jobs), {"choice": "erase", "sure": "1"}, headers=headers)
    assert answer.status_code == 403
    assert Comment.objects.published().exists()


def test_links_in_the_table_open_nothing(client, run_jobs):
    approved(email=CANARY)
    url = link(client, run_jobs)
    assert url.split("/")[-2] not in dump()
