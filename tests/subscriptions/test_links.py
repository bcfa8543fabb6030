from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions import tokens
from subscriptions.models import ConsentEvent, Delivery, MailRequest, Subscriber, Suppression
from tests.factories import make_tag
from tests.subscriptions.factories import DAY, NOON, make_subscriber, open_issue

pytestmark = pytest.mark.django_db
MAIL = "reader@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def leave_url(subscriber: Subscriber) -> str:
    return f"/u/{tokens.leave(subscriber.pk, 1)}/"


def snapshot() -> list[Any]:
    """Return everything of the room that a visit could change."""
    tables = (Subscriber, ConsentEvent, Delivery, MailRequest, Suppression)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def confirm_url(**values: Any) -> str:
    reader = make_subscriber(**{"email": MAIL, "state": "pending"} | values)
    return f"/subscribe/confirm/{reader.new_confirmation(at=NOON)}/"


def test_confirming_takes_a_post(client: Client):
    url = confirm_url()
    assert "Yes, subscribe me" in client.get(url).content.decode()
    answer = client.post(url)
    assert answer.status_code == 200
    assert "You are subscribed" in answer.content.decode()
    assert "tomorrow at noon" in answer.content.decode()
    assert Subscriber.objects.get().is_active()


def test_confirming_again_says_already_confirmed(client: Client):
    url = confirm_url()
    client.post(url)
    answer = client.post(url)
    assert (answer.status_code, "Already confirmed" in answer.content.decode()) == (200, True)
    assert ConsentEvent.objects.count() == 1


def test_expired_confirmation_offers_a_new_link(client: Client, at_noon: Any):
    url = confirm_url(frequency="weekly")
    at_noon.shift(timedelta(days=7))
    answer = client.get(url)
    assert (answer.status_code, "Send a new link" in answer.content.decode()) == (410, True)
    assert client.post(url)["Location"] == "/subscribe/check-your-mail/"
    assert (MailRequest.objects.get().email, MailRequest.objects.get().frequency) == (
        MAIL,
        "weekly",
    )
    assert not Subscriber.objects.get().is_active()


def test_old_confirmation_cannot_bring_back_somebody_who_left(client: Client):
    url = confirm_url()
    client.post(url)
    Subscriber.objects.get().leave(at=NOON, method="test")
    assert client.post(url).status_code == 404


@pytest.mark.parametrize("token", ["x", "c" + "A" * 22, "c" * 5000, "%00", "é"])
def test_unknown_confirmation_is_not_found(client: Client, token: str):
    confirm_url()
    assert client.get(f"/subscribe/confirm/{token}/").status_code == 404
    assert client.post(f"/subscribe/confirm/{token}/").status_code == 404


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "multipart"])
def test_one_click_unsubscribes_without_redirect_or_cookie(content_type: str):
    open_issue()
    reader = Subscriber.objects.get()
    client = Client(enforce_csrf_checks=True)
    if content_type == "multipart":
        answer = client.post(leave_url(reader), ONE_CLICK)
    else:
        answer = client.post(leave_url(reader), "List-Unsubscribe=One-Click",
                             content_type=content_type)  # fmt: skip
    reader.refresh_from_db()
    assert (answer.status_code, reader.state) == (200, "unsubscribed")
    assert not answer.cookies
    assert reader.events.get().method == "one-click"
    assert Delivery.objects.get().state == "cancelled"


def test_one_click_again_is_fine_and_one_event(client: Client):
    reader = make_subscriber()
    answers = [client.post(leave_url(reader), ONE_CLICK).status_code for _ in range(3)]
    assert answers == [200] * 3
    assert reader.events.count() == 1


def test_one_click_works_from_any_origin(client: Client):
    reader = make_subscriber()
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    assert client.post(leave_url(reader), ONE_CLICK, headers=headers).status_code == 200


def test_leaving_is_fine_when_the_person_is_gone_altogether(client: Client):
    reader = make_subscriber()
    url = leave_url(reader)
    reader.delete()
    assert client.post(url, ONE_CLICK).status_code == 200
    assert client.get(url).status_code == 200


def test_wrong_mac_is_not_found(client: Client):
    reader = make_subscriber()
    url = leave_url(reader)
    forged = url[:10] + ("A" if url[10] != "A" else "B") + url[11:]
    for path in (forged, "/u/x/", f"/u/{tokens.manage(reader.pk, 0, now=NOON)}/"):
        assert client.get(path).status_code == client.post(path, ONE_CLICK).status_code == 404
    assert Subscriber.objects.get().is_active()


@pytest.mark.parametrize(
    ("choice", "state", "frequency"),
    [
        ("leave", "unsubscribed", "daily"),
        ("weekly", "active", "weekly"),
        ("pause", "paused", "daily"),
    ],
)
def test_page_offers_milder_ways(client: Client, choice: str, state: str, frequency: str):
    reader = make_subscriber()
    page = client.get(leave_url(reader)).content.decode()
    assert f'value="{choice}"' in page
    assert client.post(leave_url(reader), {"choice": choice}).status_code == 200
    reader.refresh_from_db()
    assert (reader.state, reader.frequency) == (state, frequency)
    assert reader.paused_until == (NOON + 30 * DAY if choice == "pause" else None)


def test_leave_link_opens_no_personal_data(client: Client):
    reader = make_subscriber()
    assert reader.email not in client.get(leave_url(reader)).content.decode()


@pytest.mark.parametrize("method", ["get", "head"])
def test_visiting_every_link_twice_changes_nothing(client: Client, method: str):
    confirm = confirm_url(email="pending@example.org")
    reader = make_subscriber(email=MAIL)
    manage = f"/subscription/{tokens.manage(reader.pk, reader.epoch, now=NOON)}/"
    before = snapshot()
    for path in (confirm, leave_url(reader), manage, "/subscribe/", "/subscription/") * 2:
        answer = getattr(client, method)(path)
        assert answer.status_code == 200
    assert snapshot() == before


@pytest.mark.parametrize("page", ["confirm", "leave", "manage"])
def test_pages_behind_links_are_kept_from_caches_and_other_sites(client: Client, page: str):
    reader = make_subscriber(email=MAIL)
    paths = {
        "confirm": f"/subscribe/confirm/{reader.new_confirmation(at=NOON)}/",
        "leave": leave_url(reader),
        "manage": f"/subscription/{tokens.manage(reader.pk, 0, now=NOON)}/",
    }
    answer = client.get(paths[page])
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex"


def test_put_and_delete_are_not_allowed(client: Client):
    url = leave_url(make_subscriber())
    assert client.put(url).status_code == client.delete(url).status_code == 405


def test_query_counts_of_the_public_pages(client: Client, django_assert_max_num_queries: Any):
    reader = make_subscriber()
    for _ in range(20):
        make_tag(is_in_navigation=True)
    manage_url = f"/subscription/{tokens.manage(reader.pk, 0, now=NOON)}/"
    ceilings = {"/subscribe/": 3, leave_url(reader): 2, "/subscription/": 1, manage_url: 5}
    for path, ceiling in ceilings.items():
        with django_assert_max_num_queries(ceiling):
            assert client.get(path).status_code == 200
