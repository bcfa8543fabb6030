"""The site writes to itself, and reads on arrival what others think of its mail."""

import email
import mailbox
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from subscriptions import tokens
from subscriptions.deliverability import authentication, selfmail
from subscriptions.deliverability.authentication import Results
from subscriptions.deliverability.selfchecks import SelfCheck
from subscriptions.feedback import inbox
from subscriptions.models import MailEvent, Subscriber
from tests.subscriptions.factories import HOUR, NOON, make_subscriber
from tests.subscriptions.relay import Sink

DIGEST_HEADERS = {"List-Unsubscribe", "List-Unsubscribe-Post", "List-ID", "Feedback-ID",
                  "Auto-Submitted", "Message-ID", "Reply-To"}  # fmt: skip
SIGNED = "From:To:Subject:Message-ID:List-Unsubscribe:List-Unsubscribe-Post"
TOP = "Authentication-Results: mx.here; spf=pass smtp.mailfrom=a@b; dkim=pass header.d=b;\n dmarc=pass (p=NONE; x=fail) header.from=b\n"  # noqa: E501
LATER = NOON + timedelta(seconds=42)


@pytest.fixture
def home(settings: Any, tmp_path: Path) -> mailbox.Maildir:
    settings.BOUNCE_ADDRESS = "bounces@returns.example"
    settings.DEFAULT_FROM_EMAIL = "Journal <editors@news.example>"
    settings.BOUNCE_MAILBOX = {"SCHEME": "maildir", "PATH": str(tmp_path / "returned")}
    return mailbox.Maildir(tmp_path / "returned", create=True)


def arrive(home: mailbox.Maildir, content: bytes, above: str) -> SelfCheck:
    home.add(above.encode() + content)
    assert inbox.read(LATER).counts == {"self-check": 1}
    return SelfCheck.objects.latest("pk")


def signature(domain: str = "news.example", headers: str = SIGNED) -> str:
    return f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=k;\n h={headers}; b=abc\n"


@pytest.mark.django_db
@pytest.mark.slow
def test_self_mail_goes_the_way_of_a_digest_and_is_found(relay: Sink, home: mailbox.Maildir):
    make_subscriber()
    assert selfmail.send_daily(NOON)
    assert selfmail.send_daily(NOON + HOUR) is None  # One a day.
    [envelope], [message] = relay.accepted, relay.messages
    assert envelope.mail_from.startswith("bounces+")
    assert set(message.keys()) >= DIGEST_HEADERS
    check = arrive(home, bytes(envelope.content), TOP + signature())
    assert (check.spf, check.dkim, check.dmarc, check.checked_by) == (*["pass"] * 3, "mx.here")
    assert (check.seconds, check.is_aligned, check.problems(LATER)) == (42, True, [])
    assert Subscriber.objects.get().is_active()
    assert not MailEvent.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("above", "problems"),
    [
        (signature(), []),  # A mailbox that says nothing of SPF and the rest.
        (TOP, ["It carries no DKIM signature."]),
        (TOP + signature("relay.test"),
         ["It is signed by relay.test, not by the sender’s domain."]),
        (TOP + signature("relay.test") + signature("mail.news.example"), []),
        (TOP + signature(headers="from:subject:message-id"),
         ["Not signed: List-Unsubscribe, List-Unsubscribe-Post."]),
        (TOP.replace("dmarc=pass", "dmarc=fail") + signature(), ["DMARC says “fail”."]),
    ],
)  # fmt: skip
def test_what_others_would_hold_against_the_mail_is_named(
    home: mailbox.Maildir, above: str, problems: list[str]
):
    check = SelfCheck.objects.create(sent_at=NOON)
    content = f"From: editors@news.example\nTo: {selfmail.address(check)}\n\nHello\n".encode()
    assert arrive(home, content, above).problems(LATER) == problems


@pytest.mark.django_db
def test_forged_or_late_arrival_vouches_for_nothing(home: mailbox.Maildir):
    check = SelfCheck.objects.create(sent_at=NOON)
    other = tokens.self_check(check.pk, sent_at=NOON + HOUR)  # Another one's moment.
    bounce = tokens.bounce(check.pk, int(NOON.timestamp()))  # Another purpose.
    for tag in (other, bounce, "a" * 45):
        home.add(f"To: bounces+{tag}@returns.example\n{TOP}\n\nHello\n".encode())
    inbox.read(NOON + 2 * HOUR)
    assert SelfCheck.objects.get().arrived_at is None
    assert SelfCheck.objects.get().problems(NOON + 3 * HOUR) == [
        "It has not arrived within 3 hours."
    ]


@pytest.mark.django_db
@pytest.mark.slow
def test_refusal_of_the_relay_is_kept(home: mailbox.Maildir, settings: Any):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # Nobody listens.
    assert "cannot be reached" in selfmail.send(NOON).problems(NOON)[0]


@pytest.mark.django_db
def test_without_an_address_or_a_mailbox_nothing_is_sent(settings: Any):
    settings.BOUNCE_ADDRESS, settings.BOUNCE_MAILBOX = "bounces@returns.example", {}
    assert selfmail.send_daily(NOON) is None
    with pytest.raises(CommandError, match="Set BOUNCE_ADDRESS and BOUNCE_MAILBOX first"):
        call_command("check_mail")


FORGED = "Authentication-Results: mx.evil; spf=pass; dkim=pass; dmarc=pass\n"


@pytest.mark.parametrize(
    ("headers", "trusted", "expected"),
    [
        (TOP, "", Results("mx.here", "pass", "pass", "pass")),
        ("Authentication-Results: mx.here; none\n" + FORGED, "", Results()),
        ("Authentication-Results: mx.here; spf=fail\n" + FORGED, "", Results("mx.here", "fail")),
        (FORGED + "Authentication-Results: MX.here 1; spf=none\n", "mx.here",
         Results("mx.here", "none")),
        (FORGED, "mx.here", Results()),
        ("Authentication-Results: mx.here; dkim=fail; dkim=pass; dkim=none\n", "",
         Results("mx.here", dkim="pass")),
        ("Authentication-Results: mx.here (spf=pass); arc=pass (((; spf / 1 = neutral\n", "",
         Results("mx.here", "neutral")),
        ("Authentication-Results: ;;;===\n", "", Results()),
        ("", "", Results()),
    ],
)  # fmt: skip
def test_only_the_receiver_s_own_results_count(headers: str, trusted: str, expected: Results):
    message = email.message_from_string(f"{headers}From: a@b\n\nHello")
    assert authentication.results(message, trusted=trusted) == expected


@pytest.mark.parametrize(
    ("signer", "sender", "is_aligned"),
    [
        ("news.example", "news.example", True), ("mail.news.example", "news.example", True),
        ("news.example", "mail.news.example", True), ("other.example", "news.example", False),
        ("evilnews.example", "news.example", False), ("example", "news.example", False),
        ("", "", False),
    ],
)  # fmt: skip
def test_alignment_is_relaxed_but_no_more(signer: str, sender: str, is_aligned: bool):
    assert authentication.is_aligned(signer, sender) == is_aligned
