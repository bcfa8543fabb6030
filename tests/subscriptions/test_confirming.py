"""The browser that filled in the form confirms by itself; a scanner or another browser does not."""

from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions.models import Subscriber
from subscriptions.views import COOKIE
from tests.subscriptions.factories import NOON, make_subscriber

pytestmark = pytest.mark.django_db
MAIL = "reader@example.org"
SCRIPT = "pbrsite/confirm.js"


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def url() -> str:
    reader = make_subscriber(email=MAIL, state="pending")
    return f"/subscribe/confirm/{reader.new_confirmation(at=NOON)}/"


def test_cookie_of_the_form_goes_to_the_pages_of_sign_up_alone(client: Client):
    cookie = client.post("/subscribe/", {"email": MAIL}).cookies[COOKIE]
    assert (cookie["path"], cookie["samesite"]) == ("/subscribe/", "Lax")
    assert cookie["httponly"]
    assert MAIL not in cookie.value


@pytest.mark.parametrize(
    ("email", "has_script"), [(MAIL, True), (MAIL.upper(), True), ("other@example.org", False)]
)
def test_page_confirms_by_itself_where_the_form_was_filled_in(
    client: Client, url: str, email: str, has_script: bool
):
    client.post("/subscribe/", {"email": email})
    page = client.get(url).content.decode()
    assert (SCRIPT in page) is has_script
    assert "Yes, subscribe me" in page  # Without scripts, the button.
    assert not Subscriber.objects.get().is_active()


@pytest.mark.parametrize("cookie", ["", "forged", "é", "0" * 32, "x" * 4000])
def test_other_browser_gets_a_button(client: Client, url: str, cookie: str):
    client.cookies[COOKIE] = cookie.encode().decode("latin-1")
    assert SCRIPT not in client.get(url).content.decode()


def test_cookie_is_taken_back_when_it_has_served(client: Client, url: str):
    client.post("/subscribe/", {"email": MAIL})
    answer = client.post(url)
    assert answer.cookies[COOKIE]["max-age"] == 0
    assert SCRIPT not in client.get(url).content.decode()


def test_cookie_outlives_a_new_key(client: Client, url: str, settings: Any):
    client.post("/subscribe/", {"email": MAIL})
    settings.MAIL_KEYS = {3: "a new key of thirty-two characters or more"}
    assert SCRIPT in client.get(url).content.decode()


def test_link_that_a_later_mail_replaced_says_so(client: Client, url: str):
    Subscriber.objects.get().new_confirmation(at=NOON)
    answer = client.get(url)
    assert (answer.status_code, "later message" in answer.content.decode()) == (404, True)
