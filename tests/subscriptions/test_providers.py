"""Sending through a mail provider's API: a small server of our own imitates one."""

import json
import threading
from collections.abc import Callable, Iterator
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from pbrsite import providers
from subscriptions import sending
from subscriptions.models import Delivery, Issue, Subscriber
from subscriptions.rests import RelayRest
from tests.subscriptions.factories import HOUR, make_subscriber, open_issue
from tests.subscriptions.test_sending import LATER, send, states

pytestmark = pytest.mark.django_db
State = Delivery.State
TAKEN = (200, '{"id": "<2026@esp.test>", "message": "Queued"}')
SILENT, DROPPED = (0, "silent"), (0, "dropped")
Answer = Callable[[str], tuple[int, str]]


class Provider(ThreadingHTTPServer):
    """Imitates Mailgun's `messages` call; `answer` says what becomes of each recipient."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Call)
        self.answer: Answer = lambda to: TAKEN
        self.calls: list[dict[str, str]] = []
        self.is_over = threading.Event()

    @property
    def recipients(self) -> list[str]:
        return [call["to"] for call in self.calls]


class _Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fields = _fields(self.headers["Content-Type"], body)
        code, text = self.server.answer(fields["to"])
        if code in {0, 200}:
            self.server.calls.append(fields | {"path": self.path})
        if not code:
            self.close_connection = True
            if text == "silent":
                self.server.is_over.wait(5)
            return
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *args: Any) -> None:
        return


def _fields(kind: str, body: bytes) -> dict[str, str]:
    if kind.startswith("application/x-www-form-urlencoded"):
        return {key: values[0] for key, values in parse_qs(body.decode()).items()}
    parts = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_content().strip()
        for part in parts.iter_parts()
    }


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with Provider() as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/v3"
        values = providers.settings_from(f"anymail+mailgun://key-1@?api_url={address}")
        assert values
        settings.EMAIL_BACKEND, settings.ANYMAIL = values["EMAIL_BACKEND"], values["ANYMAIL"]
        settings.DEFAULT_FROM_EMAIL = "The Editors <editors@site.example.org>"
        yield server
        server.is_over.set()
        server.shutdown()


@pytest.mark.slow
def test_a_call_carries_the_whole_message_and_names_its_delivery(provider: Provider):
    issue = open_issue(title="A pilot")
    send()
    call, delivery = provider.calls[0], Delivery.objects.get()
    assert call["path"] == "/v3/site.example.org/messages"
    assert (call["to"], call["subject"]) == (Subscriber.objects.get().email, "A pilot")
    assert "A PILOT" in call["text"]
    assert "A pilot" in call["html"]
    assert (call["v:delivery"], call["o:tag"]) == (str(delivery.pk), "daily")
    assert call["o:tracking-opens"] == call["o:tracking-clicks"] == "no"
    assert call["h:List-Unsubscribe"].startswith("<http://testserver.test/u/")
    assert call["h:List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert call["h:Message-Id"].endswith("@site.example.org>")
    assert call["h:Feedback-Id"].startswith(f"{issue.pk}:daily:")
    assert "mark.invalid" not in json.dumps(call)
    assert "token-of" not in json.dumps(call)


@pytest.mark.slow
def test_the_providers_id_of_a_message_is_kept(provider: Provider):
    open_issue()
    send()
    assert Delivery.objects.get().smtp_reply == "250 2.0.0 taken <2026@esp.test>"
    assert Issue.objects.get().state == Issue.State.DONE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("answer", "state", "reply"),
    [
        ((400, "to: not an address"), State.REJECTED, "550 5.0.0 the API answered 400: to: not"),
        ((401, "Forbidden"), State.RETRY, "535 5.7.8 the API answered 401: Forbidden"),
        ((403, "Not yours"), State.RETRY, "535 5.7.8 the API answered 403"),
        ((429, "Too many"), State.RETRY, "451 4.7.0 the API answered 429"),
        ((503, "Come later"), State.RETRY, "451 4.7.0 the API answered 503"),
        ((500, "Oh"), State.UNKNOWN, "the API answered 500"),
        ((502, "A gateway"), State.UNKNOWN, "the API answered 502"),
        ((200, "Mailgun Magnificent API"), State.UNKNOWN, "the API answered 200"),
        (SILENT, State.UNKNOWN, "lost after the call: ReadTimeout"),
        (DROPPED, State.UNKNOWN, "lost after the call: ConnectionError"),
    ],
)
def test_what_the_api_says_decides_the_state(
    provider: Provider, settings: Any, answer: tuple[int, str], state: str, reply: str
):
    settings.ANYMAIL = settings.ANYMAIL | {"REQUESTS_TIMEOUT": 0.3}
    open_issue()
    provider.answer = lambda to: answer
    send()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempt) == (state, 1)
    assert delivery.smtp_reply.startswith(reply)


@pytest.mark.slow
def test_one_unlucky_call_does_not_stop_the_others(provider: Provider):
    open_issue(people=5)
    unlucky = Subscriber.objects.order_by("pk")[2].email
    provider.answer = lambda to: DROPPED if to == unlucky else TAKEN
    send()
    assert states() == {State.SENT: 4, State.UNKNOWN: 1}
    assert len(provider.recipients) == len(set(provider.recipients)) == 5


@pytest.mark.slow
def test_no_connection_costs_no_copy_and_the_provider_gets_a_rest(provider: Provider):
    open_issue(people=5)
    provider.shutdown()
    provider.socket.close()
    assert "relay unavailable" in send().trouble
    assert states() == {State.RETRY: 2, State.PENDING: 3}
    assert RelayRest.objects.get().strikes == 1


@pytest.mark.slow
def test_key_that_is_refused_pauses_the_issue(provider: Provider, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("subscriptions.sending.random.uniform", lambda low, high: low)
    issue = open_issue(people=30)
    provider.answer = lambda to: (401, "Forbidden")
    for minutes in range(1, 10):
        send(LATER + minutes * HOUR)
    issue.refresh_from_db()
    assert issue.state == Issue.State.PAUSED
    assert provider.calls == []


def test_answers_about_the_recipient_are_read_from_the_status(settings: Any, mailoutbox: list[Any]):
    settings.EMAIL_BACKEND, settings.ANYMAIL = "anymail.backends.test.EmailBackend", {}
    make_subscriber()
    open_issue()
    sending.send(clock=lambda: LATER)
    assert states() == {State.SENT: 2}
    assert mailoutbox[0].anymail_test_params["metadata"]["delivery"]


@pytest.mark.parametrize(
    "url",
    [
        "anymail+mailgun://KEY@",
        "anymail+mailgun://KEY@?sender_domain=mail.example.org",
        "anymail+mailjet://KEY:SECRET@",
        "anymail+unisender-go://KEY@?api_url=https://go2.unisender.ru/ru/transactional/api/v1/",
        "anymail+postmark://TO%2FKEN@?message_stream=broadcast",
    ],
)
def test_providers_are_understood(url: str):
    values = providers.settings_from(url)
    assert values
    assert values["EMAIL_BACKEND"].startswith("anymail.backends.")
    assert not any("%" in str(value) for value in values["ANYMAIL"].values())


@pytest.mark.parametrize(
    "url",
    [
        "anymail+nobody://KEY@",
        "anymail+amazon-ses://KEY@",  # needs a package that is not there
        "anymail+mailgun://",
        "anymail+mailgun://KEY@host",
        "anymail+mailjet://KEY@",
        "anymail+postal://KEY@",  # where it is has to be said
        "anymail+postmark://KEY@?colour=red",
        "anymail+mailgun://KEY@?api_url=ftp://example.org",
        "anymail+mailgun://KEY@?api_url=https://a.test&api_url=https://b.test",
    ],
)
def test_what_is_wrong_is_not_guessed_at(url: str):
    assert providers.settings_from(url) is None
