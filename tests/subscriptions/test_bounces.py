"""What came back: read as its mail system meant it, never as more than it says."""

import csv
import io
import json
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from subscriptions.feedback import bounces
from subscriptions.feedback.bounces import Kind

DATA = settings.BASE_DIR.parent / "shared" / "data" / "bounces"
READER = "reader@example.org"


def report(*, status: str = "5.1.1", said: str = "", action: str = "failed") -> bytes:
    """Return a delivery status notification (RFC 3464) about READER, with the message returned."""
    return f"""From: MAILER-DAEMON@mx.example.net
To: editors@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {READER}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {said}

--b
Content-Type: message/rfc822

To: {READER}
Subject: No such user: what spam filters do when a mailbox is full

Quota exceeded, user unknown.
--b--
""".encode()


def letter(body: str, *, sender: str = "A Person <person@example.net>", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = sender, "editors@example.org"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body)
    return message.as_bytes()


@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        ("5.1.1", "550 5.1.1 No such user here", Kind.HARD),
        ("5.1.2", "550 5.1.2 Host unknown", Kind.HARD),
        ("5.0.0", "550 Mailbox not found", Kind.HARD),
        ("5.7.27", "550 5.7.27 The domain accepts no mail", Kind.HARD),
        ("5.0.0", "552 5.2.2 Mailbox full", Kind.SOFT),
        ("5.1.1", "550 5.7.1 Our policy forbids this", Kind.SOFT),  # The other side's own words.
        ("5.1.1", "550 Blocked, see the list of example.net", Kind.SOFT),
        ("5.1.8", "501 5.1.8 Sender address rejected", Kind.SOFT),
        ("4.4.1", "connection timed out", Kind.SOFT),
        ("5.0.0", "554 Transaction failed", Kind.SOFT),
        ("2.1.5", "250 2.1.5 Ok", Kind.NONE),
    ],
)
def test_a_report_is_hard_only_when_nobody_is_there(status: str, said: str, kind: Kind):
    bounce = bounces.classify(report(status=status, said=said))
    assert (bounce.kind, bounce.address) == (kind, READER)


def test_the_returned_message_is_no_part_of_the_report():
    assert bounces.classify(report(status="5.0.0", said="550 Refused")).kind == Kind.SOFT


def test_codes_are_the_other_sides_where_it_gave_any():
    bounce = bounces.classify(report(status="5.0.0", said="550 5.1.1 Unknown user"))
    assert (bounce.reply_code, bounce.status) == ("550", "5.1.1")


def test_a_delay_is_soft_and_says_that_it_is_one():
    bounce = bounces.classify(report(status="4.4.7", action="delayed"))
    assert (bounce.kind, bounce.is_delay) == (Kind.SOFT, True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (letter("I got 550 5.1.1 User unknown when I wrote to you."), "a person's question"),
        (letter("I am away.", Subject="Out of office", Return_Path="<>"), "a holiday"),
        (letter("Bin im Urlaub.", Auto_Submitted="auto-replied"), "an answering machine"),
        (letter("Thank you for the post."), "a person"),
        (b"", "nothing"),
        (b"\x00\xff" * 1000, "noise"),
        (b"Content-Type: multipart/report; boundary=x\n\n--x\n" * 2000, "parts in parts"),
        (b"Content-Type: text/plain; charset=no-such\n\nHello", "an unknown alphabet"),
        (b"Subject: =?utf-8?b?/////?=\n\nHello", "a broken header"),
        (b"Content-Type: text/plain; charset=idna\n\nHell\xff", "no alphabet"),
        (b'Content-Type: text/plain; charset="a\x00"\n\nHello \xff', "no name"),
        (b"Content-Type: text/plain; charset=punycode\n\nHell\x8a\xff", "half an alphabet"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_bounce_condemns_nobody(content: bytes, why: str):
    assert bounces.classify(content).kind in {Kind.NONE, Kind.SOFT}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "unit"),
    [("plain", b"\n"), ("plain", b"-\n"), ("plain", b"a@"), ("plain", b"x said: "),
     ("html", b"<"), ("html", b"<style "), ("html", b"<script></script>")],
)  # fmt: skip
def test_two_megabytes_are_read_in_a_time_that_grows_with_their_length_alone(
    kind: str, unit: bytes
):
    head = f"From: MAILER-DAEMON@mx.example.net\nContent-Type: text/{kind}\n\n".encode()
    content = head + unit * (2_000_000 // len(unit))  # By its square it would take hours.
    assert bounces.classify(content).kind == Kind.SOFT


@pytest.mark.parametrize(
    ("said", "is_gone", "kind", "is_about_us"),
    [
        ("550 5.1.1 No such user", False, Kind.HARD, False),
        ("", True, Kind.HARD, False),
        ("", False, Kind.SOFT, False),
        ("550 5.7.1 Blocked", True, Kind.SOFT, True),
        ("421 4.7.0 Unusual rate of mail", True, Kind.SOFT, True),  # No reader is worse for it.
        ("554 Client host blocked using a list", True, Kind.SOFT, True),
        ("552 5.2.2 Mailbox full", True, Kind.SOFT, False),
        ("452 4.2.2 Over quota, message too large", False, Kind.SOFT, False),
        ("552 5.3.4 Message too large", False, Kind.SOFT, True),
    ],
)
def test_an_answer_alone_says_whose_problem_it_is(
    said: str, is_gone: bool, kind: Kind, is_about_us: bool
):
    bounce = bounces.of_answer(said, is_gone=is_gone)
    assert (bounce.kind, bounce.is_about_us) == (kind, is_about_us)


def test_a_bounce_in_plain_words_is_understood():
    body = f"Sorry.\n\n<{READER}>:\n192.0.2.1 said: 550 5.1.1 No such mailbox\n"
    bounce = bounces.classify(letter(body, sender="MAILER-DAEMON@mx.example.net"))
    assert (bounce.kind, bounce.address, bounce.status) == (Kind.HARD, READER, "5.1.1")


@pytest.mark.parametrize(("feedback", "kind"), [("abuse", Kind.COMPLAINT), ("not-spam", Kind.NONE)])
def test_a_complaint_is_one(feedback: str, kind: Kind):
    content = f"""From: fbl@example.net
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: message/feedback-report

Feedback-Type: {feedback}
Version: 1
Original-Rcpt-To: {READER}

--b--
""".encode()
    bounce = bounces.classify(content)
    assert (bounce.kind, bounce.address) == (kind, READER)


def test_the_command_says_it_in_a_line_for_each_file(tmp_path: Path):
    file = tmp_path / "returned.eml"
    file.write_bytes(report(said="550 5.1.1 No such user"))
    output = io.StringIO()
    call_command("classify_bounce", str(file), "--json", stdout=output)
    said = json.loads(output.getvalue())
    assert (said["kind"], said["address"], said["status"]) == ("hard", READER, "5.1.1")


def test_the_command_names_the_file_it_cannot_read(tmp_path: Path):
    with pytest.raises(CommandError, match=r"missing\.eml cannot be read: No such file"):
        call_command("classify_bounce", str(tmp_path / "missing.eml"))


@pytest.mark.skipif(not DATA.is_dir(), reason="the collection of bounces is not here")
def test_nineteen_of_twenty_real_bounces_are_read_rightly():
    right = wrong = 0
    with (DATA / "expected.tsv").open() as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            kind = bounces.classify((DATA / row["file"]).read_bytes()).kind
            if row["reason"] != "feedback":
                right, wrong = right + (kind == expected(row)), wrong + (kind != expected(row))
                assert not (expected(row) == Kind.NONE and kind == Kind.HARD)
    assert right >= 0.95 * (right + wrong)


def expected(row: dict[str, str]) -> Kind:
    if row["reason"] in {"delivered", "vacation"}:
        return Kind.NONE
    return Kind.HARD if row["hardbounce"] == "1" else Kind.SOFT
