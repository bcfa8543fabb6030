"""Akismet as an option: asked over HTTP after storing, never told an address, never in the way."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from comments import akismet
from comments.models import Comment, ModerationDecision
from tests.comments.factories import make_comment, send
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Service(HTTPServer):
    """Akismet on this machine: keeps what it was told and answers as it is bidden."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer, self.status = b"true", 200
        self.told: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.told.append(self.rfile.read(length).decode())
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def service(settings) -> Iterator[Service]:
    server = Service()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.AKISMET_KEY = "key1"
    settings.AKISMET_URL = f"http://127.0.0.1:{server.server_port}/check"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_nothing_is_asked_without_a_key(client):
    send(client, make_post())
    assert not ProcrastinateJob.objects.filter(task_name__contains="akismet").exists()


def test_comment_is_stored_first_and_asked_about_later(client, service, run_jobs):
    assert send(client, make_post(), body="A thought.").status_code == 303
    assert service.told == []
    run_jobs()
    (told,) = [parse_qs(one) for one in service.told]
    assert told["comment_content"] == ["A thought."]
    comment = Comment.objects.get()
    assert [(one["code"], one["weight"]) for one in comment.reasons] == [("akismet", 30)]
    assert (comment.state, comment.score) == ("held", 30)


def test_akismet_is_told_no_address_of_any_kind(client, service, run_jobs):
    send(client, make_post(), email="canary.bird@example.org")
    run_jobs()
    assert "canary" not in service.told[0]
    assert parse_qs(service.told[0])["user_ip"] == ["192.0.2.1"]
    assert "127.0.0" not in service.told[0]


def test_answer_can_make_spam_of_what_waits_and_teaches_nothing(service):
    reasons = [{"code": "trap", "weight": 50, "evidence": "", "times": 1.0}]
    comment = make_comment(score=50, reasons=reasons)
    akismet.ask(comment.pk, NOW)
    comment.refresh_from_db()
    assert (comment.state, comment.score) == ("spam", 80)
    assert ModerationDecision.objects.get().decided_by is None


def test_good_word_lowers_the_score_and_publishes_nothing(service):
    service.answer = b"false"
    comment = make_comment()
    akismet.ask(comment.pk, NOW)
    comment.refresh_from_db()
    assert (comment.state, comment.score) == ("held", -30)


def test_decision_made_meanwhile_stands(service):
    comment = make_comment()
    Comment.objects.all().approve(by=make_staff())
    assert not akismet.ask(comment.pk, NOW)
    assert service.told == []


def test_comment_is_asked_about_once(service):
    comment = make_comment()
    assert [akismet.ask(comment.pk, NOW) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(("status", "answer"), [(500, b"true"), (200, b"invalid"), (200, b"")])
def test_no_clear_answer_leaves_the_comment_and_asks_again(service, status, answer):
    service.status, service.answer = status, answer
    comment = make_comment()
    with pytest.raises(akismet.UnansweredError):
        akismet.ask(comment.pk, NOW)
    comment.refresh_from_db()
    assert (comment.state, comment.score) == ("held", 0)
