import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions import tokens
from subscriptions.models import ConsentEvent, Delivery, MailRequest, Subscriber, Suppression
from tests.factories import make_tag
from tests.subscriptions.factories import DAY, HOUR, NOON, make_subscriber, open_issue
from tests.subscriptions.test_addresses import IMPOSSIBLE

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


# -- Signing up


def test_sign_up_writes_one_request_and_sends_on(client: Client, mailoutbox: list[Any]):
    answer = client.post("/subscribe/", {"email": " Reader@EXAMPLE.org ", "tags": ["drugs", "x y"]})
    assert (answer.status_code, answer["Location"]) == (303, "/subscribe/check-your-mail/")
    wanted = MailRequest.objects.get()
    assert (wanted.email, wanted.frequency, wanted.tags) == (
        "Reader@example.org",
        "daily",
        ["drugs"],
    )
    assert mailoutbox == []
    assert not Subscriber.objects.exists()


def test_origin_that_is_no_address_is_refused(client: Client):
    answer = client.post("/subscribe/", {"email": MAIL}, headers={"Origin": "http://["})
    assert answer.status_code == 403


def test_page_of_the_sign_up_is_kept_without_its_query(client: Client):
    headers = {"Referer": "http://testserver.test/search/?q=private"}
    client.post("/subscribe/", {"email": MAIL}, headers=headers)
    assert MailRequest.objects.get().page == "/search/"


@pytest.mark.parametrize("referer", ["http://[", "\x00", "x" * 5000])
def test_strange_referer_is_no_error(client: Client, referer: str):
    headers = {"Referer": referer, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/subscribe/", {"email": MAIL}, headers=headers).status_code == 303


def test_answer_is_byte_identical_whatever_is_known(client: Client):
    for state in ("pending", "active", "unsubscribed", "complained"):
        make_subscriber(email=f"{state}@example.org", state=state)
    Suppression.add("suppressed@example.org", "complaint", at=NOON)
    answers = set()
    for name in ("new", "pending", "active", "unsubscribed", "complained", "suppressed"):
        answer = client.post("/subscribe/", {"email": f"{name}@example.org"})
        answers.add((answer.status_code, answer.content, str(sorted(answer.headers.items()))))
    trapped = client.post("/subscribe/", {"email": MAIL, "url": "http://spam.example"})
    answers.add((303, trapped.content, str(sorted(trapped.headers.items()))))
    assert len(answers) == 1


def test_sign_up_makes_the_same_queries_for_known_and_new(
    client: Client, django_assert_num_queries: Any
):
    make_subscriber(email="active@example.org")
    client.get("/subscribe/check-your-mail/")
    for name in ("active", "new"):
        with django_assert_num_queries(5):  # The bucket, the row, the job, and a savepoint.
            client.post("/subscribe/", {"email": f"{name}@example.org"})


def test_honeypot_is_noted_and_answered_as_ever(client: Client, run_jobs: Callable[[], int],
                                                mailoutbox: list[Any]):  # fmt: skip
    client.post("/subscribe/", {"email": MAIL, "url": "http://spam.example"})
    run_jobs()
    assert mailoutbox == []
    assert not Subscriber.objects.exists()


def test_network_that_asks_too_often_is_answered_and_ignored(client: Client):
    answers = {client.post("/subscribe/", {"email": f"p{n}@example.org"}).status_code
               for n in range(40)}  # fmt: skip
    assert answers == {303}
    assert MailRequest.objects.count() == 30


@pytest.mark.parametrize(("text", "reason"), IMPOSSIBLE)
def test_impossible_address_gets_the_form_back(client: Client, text: str, reason: str):
    answer = client.post("/subscribe/", {"email": text, "frequency": "weekly"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'class="error-summary"' in page
    assert re.search(r'value="weekly"[^>]*checked', page)
    assert not MailRequest.objects.exists()


def test_two_addresses_in_one_form_are_refused(client: Client):
    body = "email=a%40example.org&email=b%40example.org"
    answer = client.post("/subscribe/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422


def test_typed_address_comes_back_escaped(client: Client):
    page = client.post("/subscribe/", {"email": '"><script>alert(1)</script>@'}).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("header", ["HTTP_ORIGIN", "HTTP_REFERER"])
def test_form_on_another_site_is_refused(client: Client, header: str):
    answer = client.post("/subscribe/", {"email": MAIL}, **{header: "https://evil.example/x"})  # type: ignore[arg-type]
    assert answer.status_code == 403
    assert not MailRequest.objects.exists()


def test_page_offers_the_navigation_topics_and_keeps_the_choice(client: Client):
    make_tag(name="Probation", slug="probation", is_in_navigation=True)
    page = client.get("/subscribe/?tags=probation").content.decode()
    assert re.search(r'value="probation"[^>]*checked', page)
    assert page.count('id="subscribe-form"') == 1


@pytest.mark.parametrize("path", ["/subscribe/", "/subscribe/check-your-mail/", "/subscription/"])
def test_public_pages_set_no_cookie_and_carry_no_token(client: Client, path: str):
    answer = client.get(path)
    assert answer.status_code == 200
    assert not answer.cookies
    assert b"csrfmiddlewaretoken" not in answer.content


# -- Confirming


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


# -- Leaving


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


# -- Scanners


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
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex"


def test_put_and_delete_are_not_allowed(client: Client):
    url = leave_url(make_subscriber())
    assert client.put(url).status_code == client.delete(url).status_code == 405


# -- Asking for the preference link


def test_asking_for_the_link_answers_the_same_for_everybody(client: Client):
    make_subscriber(email=MAIL)
    answers = {client.post("/subscription/", {"email": mail}).content for mail in (MAIL, "x@x.org")}
    assert answers == {b""}
    assert client.post("/subscription/", {"email": "nonsense"}).status_code == 422


# -- Preferences


def manage(client: Client, reader: Subscriber, **values: Any) -> Any:
    url = f"/subscription/{tokens.manage(reader.pk, reader.epoch, now=NOON)}/"
    answer = client.post(url, values) if values else client.get(url)
    reader.refresh_from_db()
    return answer


def test_preferences_are_saved(client: Client):
    reader, tag = make_subscriber(), make_tag()
    answer = manage(client, reader, frequency="weekly", topics=[tag.pk], pause_until="2026-03-20")
    assert (answer.status_code, answer["Location"][-6:]) == (303, "?saved")
    assert (reader.frequency, reader.state) == ("weekly", "paused")
    assert reader.paused_until.date().isoformat() == "2026-03-20"  # type: ignore[union-attr]
    assert list(reader.topics.all()) == [tag]
    assert "Saved." in client.get(answer["Location"]).content.decode()


def test_emptying_the_pause_resumes(client: Client):
    reader = make_subscriber(state="paused", paused_until=NOON + 5 * DAY)
    assert 'value="2026-03-09"' in manage(client, reader).content.decode()
    manage(client, reader, frequency="daily", pause_until="")
    assert reader.is_active()


@pytest.mark.parametrize(
    "values",
    [
        {"frequency": "hourly"},
        {"frequency": "daily", "pause_until": "2026-03-04"},
        {"frequency": "daily", "pause_until": "2036-03-04"},
        {"frequency": "daily", "topics": ["999999"]},
    ],
    ids=str,
)
def test_impossible_preferences_get_the_form_back(client: Client, values: dict[str, Any]):
    reader = make_subscriber()
    answer = manage(client, reader, **values)
    assert (answer.status_code, reader.is_active()) == (422, True)
    assert 'class="error-summary"' in answer.content.decode()


def test_unsubscribing_on_the_preference_page(client: Client):
    reader = make_subscriber()
    assert "You are unsubscribed" in manage(client, reader, choice="leave").content.decode()
    assert reader.state == "unsubscribed"
    assert "We send nothing to this address" in manage(client, reader).content.decode()


def test_erasing_asks_to_be_sure_and_then_forgets(client: Client):
    reader = make_subscriber()
    assert manage(client, reader, choice="erase").status_code == 422
    assert reader.is_active()
    answer = manage(client, reader, choice="erase", sure="yes")
    assert "Everything is deleted" in answer.content.decode()
    assert (reader.state, reader.email) == ("erased", "")
    assert manage(client, reader).status_code == 410


def test_export_is_a_file_with_what_is_kept(client: Client):
    open_issue()
    reader = Subscriber.objects.get()
    answer = manage(client, reader, choice="export")
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.json()["email"] == reader.email
    assert answer.json()["mail"][0]["issue__kind"] == "daily"


def test_preference_link_ends_after_an_hour_or_when_revoked(client: Client, at_noon: Any):
    reader = make_subscriber()
    url = f"/subscription/{tokens.manage(reader.pk, reader.epoch, now=NOON)}/"
    fresh = f"/subscription/{tokens.manage(reader.pk, reader.epoch, now=NOON + HOUR)}/"
    at_noon.shift(HOUR + timedelta(seconds=1))
    assert client.get(url).status_code == 410
    assert client.get(fresh).status_code == 200
    reader.revoke_links()
    assert (
        client.get(fresh).status_code == client.post(fresh, {"choice": "leave"}).status_code == 410
    )


def test_query_counts_of_the_public_pages(client: Client, django_assert_max_num_queries: Any):
    reader = make_subscriber()
    for _ in range(20):
        make_tag(is_in_navigation=True)
    manage_url = f"/subscription/{tokens.manage(reader.pk, 0, now=NOON)}/"
    ceilings = {"/subscribe/": 3, leave_url(reader): 2, "/subscription/": 1, manage_url: 5}
    for path, ceiling in ceilings.items():
        with django_assert_max_num_queries(ceiling):
            assert client.get(path).status_code == 200
