import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions.models import MailRequest, Subscriber, Suppression
from tests.factories import make_tag
from tests.subscriptions.factories import NOON, make_subscriber
from tests.subscriptions.test_addresses import IMPOSSIBLE

pytestmark = pytest.mark.django_db
MAIL = "reader@example.org"


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


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


@pytest.mark.parametrize("path", ["/", "/subscribe/", "/subscription/"])
def test_form_carries_nothing_that_grows_old(client: Client, path: str):
    assert 'name="rendered"' not in client.get(path).content.decode()


def test_form_of_a_page_kept_for_days_still_works(client: Client):
    assert client.post("/subscribe/", {"email": MAIL, "rendered": "of old"}).status_code == 303
    assert MailRequest.objects.get().is_trapped is False


@pytest.mark.parametrize("path", ["/subscribe/", "/subscription/"])
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("email=a%40example.org&email=b%40example.org", "two addresses"),
        ("email=a%00b%40example.org", "a NUL"),
        ("email=%ED%A0%80%40example.org", "half a character"),
        ("email=%FF%40example.org", "no UTF-8"),
        ("email=a%0D%0ABcc%3Av%40w", "a header injected"),
        ("", "nothing"),
    ],
)
def test_form_as_no_browser_sends_it_gets_words(client: Client, path: str, body: str, reason: str):
    answer = client.post(path, body, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, b"error-summary" in answer.content) == (422, True)
    assert not MailRequest.objects.exists()


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


def test_asking_for_the_link_answers_the_same_for_everybody(client: Client):
    make_subscriber(email=MAIL)
    answers = {client.post("/subscription/", {"email": mail}).content for mail in (MAIL, "x@x.org")}
    assert answers == {b""}
    assert client.post("/subscription/", {"email": "nonsense"}).status_code == 422
