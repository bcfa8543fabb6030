"""The mailbox of returned mail: each message counts once, for whom our own token names alone."""

import io
import mailbox
from contextlib import closing
from email.message import Message
from email.mime.multipart import MIMEMultipart
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from subscriptions import tokens
from subscriptions.feedback import inbox, mailboxes
from subscriptions.feedback.events import MailEvent, MailSource
from subscriptions.models import Delivery, Subscriber
from tests.subscriptions import imap
from tests.subscriptions.factories import DAY, HOUR, NOON, make_subscriber, sent_delivery

pytestmark = pytest.mark.django_db
HOME = "bounces@returns.example"


@pytest.fixture
def maildir(settings: Any, tmp_path: Path) -> mailbox.Maildir:
    settings.BOUNCE_ADDRESS = HOME
    settings.BOUNCE_MAILBOX = {"SCHEME": "maildir", "PATH": str(tmp_path / "returned")}
    return mailbox.Maildir(tmp_path / "returned", create=True)


@pytest.fixture
def delivery(db: None) -> Delivery:
    return sent_delivery(make_subscriber(email="reader@example.org"))


def verp(delivery: Delivery) -> str:
    tag = tokens.bounce(delivery.subscriber_id, delivery.issue_id)
    return HOME.replace("@", f"+{tag}@")


def report(
    to: str, *, said: str = "550 5.1.1 No such user", action: str = "failed", returned: str = "",
    about: str = "reader@example.org",
) -> bytes:  # fmt: skip
    """Return a delivery status notification (RFC 3464)."""
    return f"""From: MAILER-DAEMON@mx.example.net
To: {to}
Message-ID: <1@mx.example.net>
Date: Wed, 04 Mar 2026 12:30:00 +0000
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {about}
Action: {action}
Diagnostic-Code: smtp; {said}

--b
Content-Type: text/rfc822-headers

{returned}
--b--
""".encode()


def complaint(delivery: Delivery, *, fields: str = "Version: 1") -> bytes:
    """Return a report (RFC 5965) from which the complainer's address has been taken out."""
    token = tokens.leave(delivery.subscriber_id, delivery.issue_id)
    return f"""From: fbl@example.net
To: {HOME}
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: abuse
{fields}

--b
Content-Type: message/rfc822

To: redacted@example.net
List-Unsubscribe: <https://journal.example/u/{token}>

Hello
--b--
""".encode()


def read(**options: Any) -> dict[str, int]:
    return dict(inbox.read(NOON + HOUR, **options).counts)


def states() -> list[str]:
    return list(Subscriber.objects.order_by("pk").values_list("state", flat=True))


def test_bounce_in_a_maildir_counts_once_and_is_marked(
    maildir: mailbox.Maildir, delivery: Delivery
):
    maildir.add(report(verp(delivery)))
    assert (read(), read(), states()) == ({"hard": 1}, {}, ["bounced"])
    [message] = maildir
    assert (message.get_subdir(), message.get_flags()) == ("cur", "S")
    told = MailEvent.objects.get()
    assert (told.status, told.words, told.delivery) == ("5.1.1", "550 5.1.1 No such user", delivery)


def test_message_read_again_is_known(maildir: mailbox.Maildir, delivery: Delivery):
    for case in (str.lower, str.upper):  # Relays may change the case of the address.
        local, _, domain = verp(delivery).partition("@")
        maildir.add(report(f"{case(local)}@{domain}"))
    assert read() == {"hard": 1, "known already or too old": 1}


@pytest.mark.slow
def test_two_never_read_at_once(maildir: mailbox.Maildir, delivery: Delivery):
    maildir.add(report(verp(delivery)))
    other = connection.copy()
    with closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", inbox.LOCK)
        assert inbox.read(NOON + HOUR).is_another_reading
        with pytest.raises(CommandError, match="Somebody else is reading"):
            call_command("read_bounces")
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", inbox.LOCK)
    assert read() == {"hard": 1}


def test_rehearsal_writes_and_marks_nothing(maildir: mailbox.Maildir, delivery: Delivery):
    maildir.add(report(verp(delivery)))
    assert read(is_rehearsal=True) == {"hard": 1}
    assert (MailEvent.objects.count(), MailSource.objects.count()) == (0, 0)
    assert read() == {"hard": 1}


def test_forged_or_missing_token_stops_nobody_s_mail(maildir: mailbox.Maildir, delivery: Delivery):
    token = tokens.bounce(delivery.subscriber_id, delivery.issue_id)
    forged = token[:-3] + ("aaa" if not token.endswith("aaa") else "bbb")
    for to in (HOME, HOME.replace("@", f"+{forged}@"), HOME.replace("@", f"+{'a' * 45}@")):
        maildir.add(report(to))
    maildir.add(report(HOME, returned=f"List-Unsubscribe: <https://x.example/u/{'a' * 46}>"))
    assert (read(), states()) == ({"nothing": 4}, ["active"])


def test_address_in_the_text_stops_nobody_s_mail(maildir: mailbox.Maildir, delivery: Delivery):
    other = make_subscriber(email="other@example.org")
    maildir.add(report(verp(delivery), about=other.email))
    read()
    assert states() == ["bounced", "active"]


def test_rewritten_envelope_is_found_by_our_own_message_inside(
    maildir: mailbox.Maildir, delivery: Delivery
):
    leave = tokens.leave(delivery.subscriber_id, delivery.issue_id)
    header = f"To: x@y.example\nList-Unsubscribe:\n <https://journal.example/u/{leave}>\n"
    maildir.add(report(HOME, returned=header))
    assert (read(), states()) == ({"hard": 1}, ["bounced"])


def test_complaint_is_found_by_the_envelope_it_names(maildir: mailbox.Maildir, delivery: Delivery):
    maildir.add(complaint(delivery, fields=f"Original-Mail-From: <{verp(delivery)}>"))
    assert (read(), states()) == ({"complaint": 1}, ["complained"])


def test_complaint_that_shows_the_unsubscribe_link_alone_unsubscribes(
    maildir: mailbox.Maildir, delivery: Delivery
):
    maildir.add(complaint(delivery))  # Whoever was forwarded the mail could write this.
    assert (read(), states()) == ({"leave": 1}, ["unsubscribed"])


@pytest.mark.parametrize(
    ("said", "action", "outcome"),
    [
        ("452 4.2.2 Full", "delayed", "nothing"),
        ("250 2.1.5 Ok", "delivered", "nothing"),
        ("552 5.2.2 Mailbox full", "failed", "soft"),
        ("550 5.7.1 Blocked", "failed", "policy"),
    ],
)
def test_delay_or_our_own_fault_stops_nobody_s_mail(
    maildir: mailbox.Maildir, delivery: Delivery, said: str, action: str, outcome: str
):
    maildir.add(report(verp(delivery), said=said, action=action))
    assert (read(), states()) == ({outcome: 1}, ["active"])


def test_bounce_from_before_the_last_consent_is_stale(maildir: mailbox.Maildir, delivery: Delivery):
    Subscriber.objects.update(active_since=NOON + HOUR)
    maildir.add(report(verp(delivery)))  # Of 12:30.
    read()
    assert (states(), MailEvent.objects.get().effect) == (["active"], "stale")


@pytest.mark.slow
def test_hostile_messages_are_passed_by_and_the_next_is_read(
    maildir: mailbox.Maildir, delivery: Delivery
):
    nested = Message()
    for _ in range(150):
        nested, inner = MIMEMultipart(), nested
        nested.attach(inner)
    for content in (
        b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 10_000,
        b'Content-Type: multipart/report; boundary="\n\n\x00\xff--',
        b"To: =?utf-8?b?/////?=\nDate: never\nFrom: \xff\n\n",
        nested.as_bytes(),
        report(verp(delivery)),
    ):
        maildir.add(content)
    with (Path(maildir._path) / "new" / "giant").open("wb") as file:
        file.truncate(100_000_000)
    counts = read()
    assert (counts["passed by"], counts["hard"], sum(counts.values())) == (2, 1, 6)
    assert MailSource.objects.get().passed_by == 2


@pytest.mark.parametrize(
    ("charset", "said"), [("utf-7", "550 5.1.1 +2AA- unknown"), ("unicode_escape", "550 \\ud800")]
)
def test_half_a_character_in_a_report_holds_up_nobody(
    maildir: mailbox.Maildir, delivery: Delivery, charset: str, said: str
):
    fields = f"Final-Recipient: rfc822; a@b.example\nAction: failed\nDiagnostic-Code: smtp; {said}"
    head = f"From: MAILER-DAEMON@x.example\nTo: {verp(delivery)}\n"
    maildir.add(f"{head}Content-Type: text/plain; charset={charset}\n\n{fields}\n".encode())
    assert (sum(read().values()), "550" in MailEvent.objects.get().words) == (1, True)


@pytest.mark.slow
def test_folder_over_imap_is_read_and_marked(settings: Any, delivery: Delivery):
    with imap.running([report(verp(delivery)), b"x" * 2_000_001, complaint(delivery)]) as folder:
        settings.BOUNCE_MAILBOX = folder.place
        assert read() == {"hard": 1, "passed by": 1, "leave": 1}
        assert (folder.seen, read()) == ({1, 2, 3}, {})


@pytest.mark.slow
def test_broken_connection_marks_nothing_and_is_named(settings: Any, delivery: Delivery):
    with imap.running([report(verp(delivery))]) as folder:
        settings.BOUNCE_MAILBOX = folder.place
        folder.is_dropping = True
        assert inbox.read(NOON).trouble == "the server broke off"
        assert (folder.seen, MailSource.objects.get().trouble_since) == (set(), NOON)
        folder.is_dropping = False
        assert read() == {"hard": 1}
        assert MailSource.objects.get().trouble == ""


@pytest.mark.slow
def test_answer_that_never_ends_is_cut_off(settings: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(mailboxes, "PATIENCE", 0.2)
    with imap.running([]) as folder:
        settings.BOUNCE_MAILBOX, folder.is_endless = folder.place, True
        assert inbox.read(NOON).trouble.startswith("the server ")  # How, is up to the kernel.


@pytest.mark.slow
def test_wrong_password_is_said_without_it(settings: Any, caplog: Any):
    with imap.running([]) as folder:
        settings.BOUNCE_MAILBOX = folder.place | {"PASSWORD": "wrong-password"}
        trouble = inbox.read(NOON).trouble
    assert trouble == "the server refused the log-in or a command"
    assert "wrong-password" not in caplog.text


def test_command_says_what_was_there(maildir: mailbox.Maildir, delivery: Delivery):
    maildir.add(report(verp(delivery)))
    said = []
    for option in ("--dry-run", "--no-color", "--no-color"):
        output = io.StringIO()
        with time_machine.travel(NOON + HOUR):
            call_command("read_bounces", option, stdout=output)
        said.append(output.getvalue().split())
    assert said == [["1", "hard"], ["1", "hard"], ["Nothing", "new."]]


def test_command_says_what_is_missing(settings: Any, maildir: mailbox.Maildir, tmp_path: Path):
    settings.BOUNCE_MAILBOX = {"SCHEME": "maildir", "PATH": str(tmp_path / "none")}
    with pytest.raises(CommandError, match="Stopped early: the folder is no maildir"):
        call_command("read_bounces")
    settings.BOUNCE_MAILBOX = {}
    with pytest.raises(CommandError, match="BOUNCE_MAILBOX is not set"):
        call_command("read_bounces")


def test_file_that_is_no_message_is_left_alone(maildir: mailbox.Maildir, tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("not mail")
    (Path(maildir._path) / "new" / "link").symlink_to(secret)
    assert list(mailboxes.MaildirMailbox(tmp_path / "returned").waiting()) == []


def test_erased_person_leaves_no_event(maildir: mailbox.Maildir, delivery: Delivery):
    maildir.add(report(verp(delivery)))
    assert read() == {"hard": 1}
    delivery.subscriber.erase(at=NOON + DAY, method="test")
    assert not MailEvent.objects.exists()
    maildir.add(report(verp(delivery), said="550 5.1.1 user reader unknown"))
    assert read() == {"nothing": 1}
