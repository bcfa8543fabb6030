"""Somebody signs other people's addresses up, by the thousand: nobody is pestered, nobody lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from subscriptions import signup, surge, tasks
from subscriptions.models import MailRequest, Subscriber
from subscriptions.retention import prune
from subscriptions.views import COOKIE
from tests.subscriptions.factories import DAY, HOUR, NOON

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def requests(count: int, **values: Any) -> list[MailRequest]:
    wanted = {"purpose": "subscribe", "at": NOON} | values
    return MailRequest.objects.bulk_create(
        MailRequest(**{"email": f"p{number}@example.org"} | wanted) for number in range(count)
    )


@pytest.fixture
def two_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surge, "CONFIRMATIONS_PER_HOUR", 2)


def test_request_beyond_the_cap_of_the_site_waits_and_is_mailed_later(
    two_an_hour: None, mailoutbox: list[Any]
):
    waiting = requests(3)
    assert [signup.answer(one.pk, NOON) for one in waiting] == ["confirmation"] * 2 + ["waiting"]
    assert Subscriber.objects.count() == 2  # A request that waits leaves no trace but its row.
    assert signup.due(NOON + MINUTE) == []
    assert signup.due(NOON + HOUR) == [waiting[2].pk]
    assert signup.answer(waiting[2].pk, NOON + HOUR) == "confirmation"
    assert len(mailoutbox) == 3


def test_clock_takes_up_those_who_wait(
    two_an_hour: None, run_jobs: Callable[[], int], mailoutbox: list[Any]
):
    requests(3)
    for hours in (1, 2):
        with time_machine.travel(NOON + hours * HOUR, tick=False):
            tasks.answer_waiting.func(timestamp=0)
            run_jobs()
    assert len(mailoutbox) == 3
    assert not MailRequest.objects.exists()


def test_who_waited_is_not_overtaken(mailoutbox: list[Any]):
    waiting = requests(surge.WAITING_PER_MINUTE)
    late = requests(1, email="late@example.org", at=NOON + HOUR)[0]
    assert signup.answer(late.pk, NOON + HOUR) == "waiting"
    assert signup.answer(waiting[0].pk, NOON + HOUR) == "confirmation"
    assert signup.answer(late.pk, NOON + HOUR) == "confirmation"


def test_page_after_the_form_says_that_a_surge_takes_time(client: Client):
    assert "nothing is lost" in client.get("/subscribe/check-your-mail/").content.decode()


SECOND = timedelta(seconds=1)
CHECK = "/subscribe/check-your-mail/"


@pytest.fixture
def bombed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the calm hour be over after one confirmation, which is mailed at noon."""
    monkeypatch.setattr(surge, "CALM_PER_HOUR", 1)
    signup.answer(requests(1, email="first@example.org")[0].pk, NOON)


def sign_up(client: Client, email: str = "reader@example.org") -> MailRequest:
    with time_machine.travel(NOON, tick=False):
        client.post("/subscribe/", {"email": email})
    return MailRequest.objects.get(email=email)


def press(client: Client, *, after: timedelta) -> str:
    with time_machine.travel(NOON + after, tick=False):
        return client.post(CHECK).content.decode()


def test_second_step_is_asked_in_a_surge_of_the_browser_that_signed_up(
    client: Client, bombed: None
):
    sign_up(client)
    with time_machine.travel(NOON, tick=False):
        pages = [one.get(CHECK) for one in (client, Client())]
    assert ["step-form" in page.content.decode() for page in pages] == [True, False]
    assert pages[0]["Cache-Control"] == "private, no-store"
    with time_machine.travel(NOON + HOUR, tick=False):
        assert "step-form" not in client.get(CHECK).content.decode()


def test_who_takes_the_second_step_is_mailed_before_those_who_do_not(
    client: Client, bombed: None, mailoutbox: list[Any]
):
    requests(surge.WAITING_PER_MINUTE * 2, at=NOON - HOUR)
    reader = sign_up(client)
    assert signup.answer(reader.pk, NOON) == "waiting"
    assert "Thank you" in press(client, after=4 * SECOND)
    assert signup.due(NOON + MINUTE)[0] == reader.pk
    assert signup.answer(reader.pk, NOON + MINUTE) == "confirmation"
    assert signup.answer(MailRequest.objects.all()[0].pk, NOON + MINUTE) == "waiting"


@pytest.mark.parametrize(
    ("after", "cookie"),
    [(SECOND, None), (4 * SECOND, ""), (4 * SECOND, "0" * 32), (4 * SECOND, "\x00é" * 2000)],
    ids=["a machine's haste", "no cookie", "forged", "nonsense"],
)
def test_second_step_needs_the_browser_that_signed_up_and_a_moment(
    client: Client, bombed: None, after: timedelta, cookie: str | None
):
    reader = sign_up(client)
    if cookie is not None:
        client.cookies[COOKIE] = cookie.encode().decode("latin-1")
    assert "Thank you" in press(client, after=after)
    assert signup.answer(reader.pk, NOON + MINUTE) == "waiting"


def test_second_step_of_another_site_s_page_is_refused(client: Client):
    assert client.post(CHECK, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_invitations_are_paced_and_take_nobody_s_turn(mailoutbox: list[Any]):
    requests(signup.INVITES_PER_MINUTE + 1, purpose="invite")
    held_up = requests(1, email="held@example.org")[0]
    due = signup.due(NOON + HOUR)
    assert (len(due), due[0]) == (signup.INVITES_PER_MINUTE + 1, held_up.pk)
    prune(NOON + 3 * DAY)
    assert MailRequest.objects.count() == signup.INVITES_PER_MINUTE + 1


@pytest.mark.slow
def test_thousand_sign_ups_of_one_address_from_a_thousand_networks_send_one_mail(
    client: Client, mailoutbox: list[Any]
):
    answers = set()
    with time_machine.travel(NOON, tick=False):
        for number in range(1000):
            network = f"10.{number // 250}.{number % 250}.1"
            answer = client.post(
                "/subscribe/", {"email": "victim@example.org"}, REMOTE_ADDR=network
            )
            answers.add((answer.status_code, answer.content, str(answer.headers)))
    assert MailRequest.objects.count() == 1000
    for pk in MailRequest.objects.values_list("pk", flat=True):
        signup.answer(pk, NOON)
    assert (len(answers), len(mailoutbox), Subscriber.objects.count()) == (1, 1, 1)
