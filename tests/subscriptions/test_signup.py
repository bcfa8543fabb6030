from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage

from pbrsite import mail
from subscriptions import signup
from subscriptions.models import MailRequest, Subscriber, Suppression
from tests.factories import make_tag
from tests.subscriptions.factories import DAY, HOUR, NOON, make_subscriber

pytestmark = pytest.mark.django_db
State = Subscriber.State
MAIL = "reader@example.org"


def ask(now: datetime = NOON, **values: Any) -> str:
    request = MailRequest.objects.create(
        **{"purpose": "subscribe", "email": MAIL, "at": now} | values
    )
    return signup.answer(request.pk, now)


def test_new_person_gets_a_confirmation_and_is_pending(mailoutbox: list[EmailMessage]):
    tag = make_tag()
    assert ask(frequency="weekly", tags=[tag.slug, "no-such-topic"], page="/a/") == "confirmation"
    reader = Subscriber.objects.get()
    assert (reader.state, reader.frequency, list(reader.topics.all())) == (
        "pending",
        "weekly",
        [tag],
    )
    event = reader.events.get()
    assert (event.from_state, event.to_state, event.page) == ("", "pending", "/a/")
    assert mailoutbox[0].to == [MAIL]
    assert not MailRequest.objects.exists()


def test_request_answered_twice_mails_once(mailoutbox: list[EmailMessage]):
    request = MailRequest.objects.create(purpose="subscribe", email=MAIL, at=NOON)
    signup.answer(request.pk, NOON)
    signup.answer(request.pk, NOON)
    assert len(mailoutbox) == 1


def test_thousand_requests_for_one_address_send_one_mail(mailoutbox: list[EmailMessage]):
    for number in range(50):
        ask(NOON + timedelta(seconds=number), email=MAIL.upper() if number % 2 else MAIL)
    assert len(mailoutbox) == 1
    assert Subscriber.objects.count() == 1


def test_confirmation_comes_again_after_a_day_three_times_in_thirty_days():
    mailed = [day for day in range(62) if ask(NOON + day * (DAY + HOUR)) == "confirmation"]
    assert mailed == [0, 1, 2, 29, 30, 31, 58, 59, 60]


def test_active_person_is_reminded_once_in_thirty_days_and_keeps_the_choice():
    reader = make_subscriber(email=MAIL)
    verdicts = [ask(NOON + day * DAY, frequency="weekly") for day in (0, 1, 29, 30)]
    assert verdicts == ["already_subscribed", "", "", "already_subscribed"]
    reader.refresh_from_db()
    assert (reader.state, reader.frequency) == ("active", "daily")


@pytest.mark.parametrize("state", [State.UNSUBSCRIBED, State.BOUNCED])
def test_person_who_left_is_asked_to_confirm_and_stays_gone_until_then(state: str):
    reader = make_subscriber(email=MAIL, state=state)
    assert ask() == "confirmation"
    reader.refresh_from_db()
    assert reader.state == state


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"is_trapped": True}, "the honeypot was filled"), ({"purpose": "manage"}, "nobody known")],
)
def test_nothing_is_mailed(values: dict[str, Any], reason: str, mailoutbox: list[EmailMessage]):
    assert ask(**values) == ""
    assert mailoutbox == []
    assert not MailRequest.objects.exists()


def test_person_who_complained_is_never_mailed_again(mailoutbox: list[EmailMessage]):
    reader = make_subscriber(email=MAIL)
    reader.suppress(Suppression.Reason.COMPLAINT, at=NOON, method="test")
    assert [ask(), ask(purpose="manage")] == ["", ""]
    reader.delete()
    assert ask() == ""
    assert mailoutbox == []


def test_erased_person_may_come_back_by_their_own_confirmation():
    make_subscriber(email=MAIL).erase(at=NOON, method="test")
    assert ask() == "confirmation"
    reader = Subscriber.objects.get(email=MAIL)
    assert reader.confirm(at=NOON)
    assert not Suppression.objects.exists()


def test_manage_link_goes_to_known_people_three_times_a_day(mailoutbox: list[EmailMessage]):
    make_subscriber(email=MAIL)
    verdicts = [ask(NOON + number * timedelta(minutes=1), purpose="manage") for number in range(5)]
    assert verdicts == ["manage_link"] * 3 + [""] * 2
    assert "http://testserver.test/subscription/" in mailoutbox[0].body


def test_mail_that_fails_for_now_is_sent_by_the_next_run(
    monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]
):
    request = MailRequest.objects.create(purpose="subscribe", email=MAIL, at=NOON)
    with monkeypatch.context() as patch:
        patch.setattr(EmailMessage, "send", _refuse)
        with pytest.raises(mail.MailNotSent) as caught:
            signup.answer(request.pk, NOON)
    assert MAIL not in repr(caught.value)
    assert signup.answer(request.pk, NOON) == "confirmation"
    assert len(mailoutbox) == 1


def _refuse(self: EmailMessage) -> None:
    raise ConnectionRefusedError(MAIL)


@pytest.mark.parametrize("purpose", ["subscribe", "manage"])
def test_mails_are_whole(purpose: str, mailoutbox: list[Any]):
    make_subscriber(email=MAIL, state="pending" if purpose == "subscribe" else "active")
    ask(purpose=purpose)
    message = mailoutbox[0]
    html, kind = message.alternatives[0]
    assert kind == "text/html"
    for body in (message.body, html):
        assert "http://testserver.test/subscri" in body
        assert "{{" not in body
    assert message.extra_headers["Auto-Submitted"] == "auto-generated"
    assert max(map(len, message.body.splitlines())) < 100


def test_confirmation_holds_no_word_of_the_visitor(mailoutbox: list[Any]):
    ask(email="Buy-Pills-Now@example.org", tags=["buy-pills"], page="/buy-pills/")
    text = mailoutbox[0].body + mailoutbox[0].alternatives[0][0] + mailoutbox[0].subject
    assert "pills" not in text.lower()


def test_job_answers_the_request(client: Any, run_jobs: Callable[[], int], mailoutbox: list[Any]):
    with time_machine.travel(NOON, tick=False):
        client.post("/subscribe/", {"email": MAIL})
        assert run_jobs() == 1
    assert len(mailoutbox) == 1
