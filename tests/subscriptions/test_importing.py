from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from subscriptions import roster, signup
from subscriptions.importing import Import, Options
from subscriptions.models import MailRequest, Subscriber, Suppression
from tests.factories import make_tag
from tests.subscriptions.factories import DAY, NOON, make_subscriber, make_subscribers
from tests.subscriptions.test_links import snapshot

pytestmark = pytest.mark.django_db
MAIL = "reader@example.org"
PROOF = Options(consent="The form on paper at the conference, May 2024")


@pytest.fixture
def bring(tmp_path: Path) -> Callable[..., list[tuple[int, str, str]]]:
    """Return a function that imports a text and gives (line, outcome, reason) of each line."""

    def run(text: str | bytes, options: Options = PROOF) -> list[tuple[int, str, str]]:
        path = tmp_path / "people.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        found = Import(options, NOON).run(roster.inspect(path))
        return [(one.number, one.outcome, one.reason) for one in found]

    return run


def outcomes(lines: list[tuple[int, str, str]]) -> list[str]:
    return [outcome for _, outcome, _ in lines]


def test_person_without_proof_is_pending_and_asked_to_confirm(bring: Any, mailoutbox: list[Any]):
    assert outcomes(bring(f"email,frequency\n{MAIL},weekly\n")) == ["created"]
    reader = Subscriber.objects.get()
    assert (reader.state, reader.frequency) == ("pending", "weekly")
    assert signup.answer(MailRequest.objects.get().pk, NOON) == "confirmation"
    assert (mailoutbox[0].to, Subscriber.objects.get().frequency) == ([MAIL], "weekly")


def test_person_with_proof_is_active_and_the_proof_is_kept(bring: Any):
    tag = make_tag(name="Drugs & alcohol", slug="drugs")
    text = f"tags,confirmed_at,email\ndrugs,2024-05-01T10:00Z,{MAIL}\n"
    assert outcomes(bring(text)) == ["confirmed"]
    reader = Subscriber.objects.get()
    assert (reader.state, reader.active_since, list(reader.topics.all())) == ("active", NOON, [tag])
    event = reader.events.get()
    assert (event.source, event.agreed_at, event.actor) == (
        PROOF.consent,
        datetime(2024, 5, 1, 10, tzinfo=UTC),
        "staff",
    )
    assert not MailRequest.objects.exists()


def test_date_alone_is_no_proof(bring: Any):
    assert outcomes(bring(f"email,confirmed_at\n{MAIL},2024-05-01\n", Options())) == ["created"]
    assert Subscriber.objects.get().state == "pending"


@pytest.mark.parametrize("state", ["unsubscribed", "bounced", "complained"])
def test_person_who_left_stays_gone(bring: Any, state: str):
    make_subscriber(email=MAIL, state=state)
    before = snapshot()
    assert outcomes(bring(f"email,confirmed_at\n{MAIL},2024-05-01\n")) == ["skipped"]
    assert snapshot() == before


@pytest.mark.parametrize("reason", list(Suppression.Reason))
def test_suppressed_address_stays_out_also_under_a_new_key(bring: Any, reason: str, settings: Any):
    Suppression.add(MAIL, reason, at=NOON)
    settings.MAIL_KEYS = {9: "a new key of thirty-two characters or more"}
    [(_, outcome, why)] = bring(f"email,confirmed_at\n{MAIL.upper()},2024-05-01\n")
    assert (outcome, reason[:4] in why) == ("skipped", True)
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("state", ["active", "paused"])
def test_subscribed_person_keeps_what_they_chose_and_gets_no_mail(bring: Any, state: str):
    make_subscriber(email=MAIL, state=state, frequency="weekly",
                    paused_until=NOON + DAY if state == "paused" else None)  # fmt: skip
    before = snapshot()
    assert outcomes(bring(f"email,frequency,tags\n{MAIL},instant,\n")) == ["unchanged"]
    assert snapshot() == before


def test_pending_person_is_updated_or_confirmed_and_never_mailed_anew(bring: Any):
    tag = make_tag(slug="drugs")
    make_subscriber(email=MAIL, state="pending")
    assert outcomes(bring(f"email,frequency,tags\n{MAIL},weekly,drugs\n")) == ["updated"]
    assert outcomes(bring(f"email,frequency,tags\n{MAIL},weekly,drugs\n")) == ["unchanged"]
    assert outcomes(bring(f"email,confirmed_at\n{MAIL},2024-05-01\n")) == ["confirmed"]
    reader = Subscriber.objects.get()
    assert (reader.state, reader.frequency, reader.topics.get()) == ("active", "weekly", tag)
    assert not MailRequest.objects.exists()


def test_run_again_changes_nothing(bring: Any):
    make_tag(slug="drugs")
    text = f"email,tags,confirmed_at\na@example.org,drugs,\n{MAIL},,2024-05-01\n"
    assert outcomes(bring(text)) == ["created", "confirmed"]
    before = snapshot()
    assert outcomes(bring(text)) == ["unchanged", "unchanged"]
    assert snapshot() == before


def test_rehearsal_says_the_same_and_changes_nothing(bring: Any):
    text = f"email,confirmed_at\na@example.org,\n{MAIL},2024-05-01\na@example.org,\nnonsense,\n"
    before = snapshot()
    said = bring(text, Options(PROOF.consent, is_rehearsal=True))
    assert snapshot() == before
    assert said == bring(text)
    assert outcomes(said) == ["created", "confirmed", "skipped", "skipped"]


def test_idn_and_its_punycode_twin_are_one_person(bring: Any):
    lines = bring("email\nreader@пример.рф\nREADER@xn--e1afmkfd.xn--p1ai\n")
    assert lines[1] == (3, "skipped", "the same address is on an earlier line")
    assert Subscriber.objects.get().email == "reader@xn--e1afmkfd.xn--p1ai"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("nonsense,,,", "@"),
        ("a@example.org,hourly,,", "no frequency"),
        ("a@example.org,,unknown,", "no tag here"),
        ("a@example.org,,\x00,", "no tag here"),
        ("a@example.org,,,4 May", "no date"),
        ("a@example.org,,,0001-01-01", "no date"),
        ("a@example.org,,,2036-01-01", "in the future"),
        ("a@example.org,,,,,x", "6 cells"),
        ("\x00@example.org,,,", "character"),
    ],
)
def test_bad_line_is_skipped_with_its_number_and_reason(bring: Any, cells: str, reason: str):
    text = f"email,frequency,tags,confirmed_at\r\n\r\n{cells}\r\nb@example.org,,,\r\n"
    (number, outcome, why), second = bring(text)
    assert (number, outcome, reason in why) == (3, "skipped", True), why
    assert second[:2] == (4, "created")
    assert Subscriber.objects.get().email == "b@example.org"


def test_file_that_says_somebody_left_is_believed(bring: Any):
    lines = bring(f"email,state,confirmed_at\n{MAIL},unsubscribed,2024-05-01\n")
    assert lines == [(2, "skipped", "the file itself says: unsubscribed")]


def test_tags_are_found_by_address_and_by_name(bring: Any):
    first, second = make_tag(name="Payment by results", slug="pbr"), make_tag(slug="drugs")
    bring(f"email,tags\n{MAIL},payment BY results|drugs\n")
    assert set(Subscriber.objects.get().topics.all()) == {first, second}


def test_queries_grow_with_batches_and_not_with_lines(bring: Any):
    make_subscribers(30)
    counts = []
    for number in (10, 100):
        text = "email\n" + "".join(f"p{number}-{one}@example.org\n" for one in range(number))
        with CaptureQueriesContext(connection) as queries:
            bring(text)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10


def test_command_reports_each_line_without_an_address_in_a_file(tmp_path: Path):
    path, out = tmp_path / "people.csv", StringIO()
    path.write_text(f"email,frequency\n{MAIL},\nnonsense@example.org,{MAIL}\n")
    call_command("import_subscribers", path, stdout=out)
    assert out.getvalue().splitlines()[0] == "line 2: created"
    assert out.getvalue().splitlines()[1].startswith("line 3: skipped: … is no frequency.")
    assert "created 1, confirmed 0, updated 0, unchanged 0, skipped 1" in out.getvalue()
    assert MAIL not in out.getvalue()


def test_command_shows_addresses_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path, out = tmp_path / "people.csv", StringIO()
    path.write_text(f"email\n{MAIL}\n")
    monkeypatch.setattr(out, "isatty", lambda: True)
    call_command("import_subscribers", path, "--dry-run", stdout=out)
    assert f"line 2: created {MAIL}" in out.getvalue()
    assert "A rehearsal: nothing was written." in out.getvalue()


def test_command_refuses_a_file_it_cannot_read(tmp_path: Path):
    with pytest.raises(CommandError, match=r"Nothing was imported.*cannot be read"):
        call_command("import_subscribers", tmp_path / "none.csv", stdout=StringIO())
    with pytest.raises(CommandError, match="300 characters"):
        call_command("import_subscribers", tmp_path / "n.csv", "--consent", "x" * 301)
