"""Too many posts: by network, by the whole site, and behind proxies that may not be believed."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
import time_machine
from django.utils import timezone

from comments import flood, intake
from comments.models import Comment
from pbrsite import rates
from tests.comments.factories import send, signed_fields
from tests.factories import make_post

pytestmark = pytest.mark.django_db


@pytest.fixture
def flooded(monkeypatch):
    monkeypatch.setattr(flood, "MOST", 2)


def test_flood_is_turned_away_without_a_query_and_with_the_text(
    client, flooded, django_assert_num_queries
):
    fields = signed_fields(make_post(), body="My <b>long</b> work.")
    for _ in range(2):
        client.post("/post-x/comments/", fields)
    with django_assert_num_queries(0):
        answer = client.post("/post-x/comments/", fields)
    assert (answer.status_code, answer["Retry-After"]) == (429, "600")
    assert b"My &lt;b&gt;long&lt;/b&gt; work." in answer.content


def test_flood_ends_with_its_window(client, flooded):
    post = make_post()
    for _ in range(3):
        last = send(client, post)
    assert last.status_code == 429
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        assert send(client, post).status_code == 303


def test_readers_of_a_flooded_post_are_not_turned_away(client, flooded):
    post = make_post()
    for _ in range(4):
        send(client, post)
    assert client.get(f"/{post.slug}/").status_code == 200
    other = signed_fields(post, email="other@example.org", body="Another.")
    answer = client.post(f"/{post.slug}/comments/", other, REMOTE_ADDR="198.51.100.7")
    assert answer.status_code == 303


def test_forged_forwarding_header_opens_no_second_bucket(client, flooded):
    post = make_post()
    headers = [{"X-Forwarded-For": f"203.0.{number}.1"} for number in range(4)]
    fields = signed_fields(post)
    codes = [client.post(f"/{post.slug}/comments/", fields, headers=one).status_code
             for one in headers]  # fmt: skip
    assert codes == [303, 303, 429, 429]


def test_forged_forwarding_header_fills_nobody_elses_bucket(client, flooded):
    fields = signed_fields(make_post())
    for _ in range(4):
        client.post("/x/comments/", fields, headers={"X-Forwarded-For": "198.51.100.7"})
    answer = client.post("/x/comments/", fields, REMOTE_ADDR="198.51.100.7")
    assert answer.status_code == 404


def test_networks_behind_a_trusted_proxy_have_buckets_of_their_own(client, flooded, settings):
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    fields = signed_fields(make_post())
    codes = [
        client.post("/x/comments/", fields, headers={"X-Forwarded-For": f"9.9.9.9, 203.0.{n}.1"})
        .status_code for n in (1, 1, 1, 2)
    ]  # fmt: skip
    assert codes == [404, 404, 429, 404]


def test_whole_site_has_a_bucket(client, monkeypatch):
    monkeypatch.setitem(intake.MOST, "site", (1, 2))
    codes = []
    for number in range(3):
        post = make_post(slug=f"one-{number}")
        fields = signed_fields(post, email=f"r{number}@example.org", body=f"Point {number}")
        codes.append(client.post(f"/{post.slug}/comments/", fields,
                                 REMOTE_ADDR=f"203.0.{number}.1").status_code)  # fmt: skip
    assert codes == [303, 303, 429]
    reasons = Comment.objects.order_by("pk").values_list("reasons", flat=True)
    assert [[one["evidence"] for one in row] for row in reasons] == [[], ["site"]]


def test_memory_of_a_flood_from_everywhere_is_bounded(monkeypatch, rf):
    monkeypatch.setattr(flood, "REMEMBERED", 3)
    for number in range(9):
        flood.refusal(rf.post("/", REMOTE_ADDR=f"203.0.{number}.1"), timezone.now())
    assert len(flood._buckets) == 3
    assert rates.network(rf.post("/", REMOTE_ADDR="203.0.8.1")) in flood._buckets
