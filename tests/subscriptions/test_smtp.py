"""The conversation with a relay that takes several commands at once, and one over TLS."""

import shutil
import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from subscriptions import sending
from subscriptions.models import Delivery, Subscriber
from tests.subscriptions.factories import open_issue
from tests.subscriptions.relay import DROP, Sink, running
from tests.subscriptions.sink import SILENCE, Quick, listening
from tests.subscriptions.test_sending import LATER, send, states

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
State = Delivery.State


@pytest.fixture
def quick(settings: Any) -> Iterator[Quick]:
    """Return a server that offers PIPELINING, which the site is configured to use."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with listening(Quick()) as sink:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", sink.port, 5
        yield sink


@pytest.mark.parametrize("is_eager", [False, True], ids=["", "354 to a DATA for nobody"])
@pytest.mark.parametrize(
    ("stage", "reply", "state"),
    [
        ("on_mail", "550 5.1.8 sender unknown", State.RETRY),
        ("on_mail", "421 4.7.0 too many", State.RETRY),
        ("on_mail", "Hello again", State.RETRY),
        ("on_mail", DROP, State.RETRY),
        ("on_rcpt", "550 5.1.1 no such person", State.REJECTED),
        ("on_rcpt", "450 4.2.0 greylisted", State.RETRY),
        ("on_rcpt", "421 4.7.0 too many", State.RETRY),
        ("on_rcpt", "Hello again", State.RETRY),
        ("on_rcpt", DROP, State.RETRY),
        ("on_data", "451 4.3.0 try later", State.RETRY),
        ("on_data", "554 5.6.0 not like this", State.REJECTED),
        ("on_data", "Queued as 1234", State.UNKNOWN),
        ("on_data", DROP, State.UNKNOWN),
    ],
)
def test_answers_to_commands_sent_together_are_told_apart(
    quick: Quick, stage: str, reply: str, state: str, is_eager: bool
):
    quick.is_eager = is_eager
    open_issue(people=3)
    unlucky = Subscriber.objects.order_by("pk")[1].email
    named = stage != "on_mail"
    setattr(quick, stage, lambda to: reply if to == unlucky or not named else "")
    send()
    expected = {State.SENT: 2, state: 1} if named else {State.RETRY: states()[State.RETRY]}
    assert {key: count for key, count in states().items() if key != State.PENDING} == expected
    assert set(quick.recipients) - {unlucky} == set(
        Delivery.objects.filter(state=State.SENT).values_list("subscriber__email", flat=True)
    )
    assert len(quick.accepted) == len(set(quick.recipients))


def test_empty_message_for_nobody_counts_as_nothing(quick: Quick):
    quick.is_eager = True
    open_issue(people=2)
    quick.on_rcpt = lambda to: "550 5.1.1 no such person"
    send()
    assert states() == {State.REJECTED: 2}
    assert quick.empty == 2
    assert quick.accepted == []


def test_lines_that_begin_with_a_dot_arrive_as_they_were(quick: Quick):
    issue = open_issue(excerpt=".one\n..two")
    send()
    edition = issue.editions.get()
    text = quick.messages[0].get_body(("plain",))
    assert text is not None
    assert edition.text.split()[:5] == text.get_content().split()[:5]


def test_relay_that_falls_silent_after_the_dot_costs_one_message(quick: Quick, settings: Any):
    settings.EMAIL_TIMEOUT = 0.2
    open_issue(people=3)
    unlucky = Subscriber.objects.order_by("pk")[1].email
    quick.on_data = lambda to: SILENCE if to == unlucky else ""
    send()
    assert states() == {State.SENT: 2, State.UNKNOWN: 1}


def test_relay_that_falls_silent_before_the_message_costs_nothing(quick: Quick, settings: Any):
    settings.EMAIL_TIMEOUT = 0.2
    open_issue(people=3)
    unlucky = Subscriber.objects.order_by("pk")[1].email
    quick.on_rcpt = lambda to: SILENCE if to == unlucky else ""
    send()
    assert states() == {State.SENT: 2, State.RETRY: 1}


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Return a throw-away certificate for localhost with its key beside it, as one file."""
    program = shutil.which("openssl")
    if not program:
        pytest.skip("NOT RUN: no openssl program to make a certificate with")
    path = tmp_path / "relay.pem"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", path,
         "-out", tmp_path / "only.pem", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + (tmp_path / "only.pem").read_text())
    return path


@pytest.fixture
def guarded(certificate: Path, settings: Any) -> Iterator[Sink]:
    """Return a relay with STARTTLS and AUTH, and the site configured to use both."""
    sink, context = Sink(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def enter(server: SMTP, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(
            success=data.login == b"site" and data.password == b"open sesame", handled=False
        )

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "localhost", True
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "site", "open sesame"
    options = {"tls_context": context, "require_starttls": True, "auth_required": True}
    with running(sink, authenticator=enter, **options):
        settings.EMAIL_PORT = sink.port
        yield sink


def test_mail_goes_out_over_starttls_with_a_log_in(
    guarded: Sink, certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    open_issue(people=3)
    send()
    assert states() == {State.SENT: 3}
    assert len(guarded.accepted) == 3


def test_relay_with_an_unknown_certificate_is_told_nothing(guarded: Sink):
    open_issue(people=2)
    report = sending.send(clock=lambda: LATER)
    assert report.trouble == "relay unavailable (SSLCertVerificationError)"
    assert set(Delivery.objects.values_list("state", "attempt")) == {("pending", 0)}


def test_wrong_password_costs_no_attempt(
    guarded: Sink, certificate: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings.EMAIL_HOST_PASSWORD = "open barley"
    open_issue(people=2)
    report = sending.send(clock=lambda: LATER)
    assert report.trouble == f"relay unavailable ({smtplib.SMTPAuthenticationError.__name__})"
    assert set(Delivery.objects.values_list("state", "attempt")) == {("pending", 0)}
