import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from subscriptions import importing, roster
from subscriptions.models import Subscriber
from tests.factories import make_tag
from tests.subscriptions.factories import DAY, NOON, make_subscriber
from tests.subscriptions.test_links import snapshot

pytestmark = pytest.mark.django_db


def bring(path: Path) -> list[str]:
    run = importing.Import(importing.Options("An export of this site"), NOON + DAY)
    return [one.outcome for one in run.run(roster.inspect(path))]


@pytest.fixture
def everybody() -> None:
    """Save one person of each state, each with a different choice."""
    tags = (make_tag(slug="drugs"), make_tag(slug="prisons"))
    make_subscriber(email="=active@example.org", frequency="weekly", topics=tags)
    make_subscriber(email="paused@example.org", state="paused", paused_until=NOON + 5 * DAY)
    make_subscriber(email="pending@example.org", state="pending", active_since=None)
    for state in ("unsubscribed", "bounced", "complained"):
        make_subscriber(email=f"{state}@example.org", state=state)
    make_subscriber().erase(at=NOON, method="test")


def test_export_holds_everybody_but_the_erased(everybody: None):
    out = StringIO()
    call_command("export_subscribers", stdout=out)
    rows = list(csv.DictReader(StringIO(out.getvalue())))
    assert rows[0] == {
        "email": "'=active@example.org",
        "frequency": "weekly",
        "tags": "drugs|prisons",
        "confirmed_at": "2026-02-02T12:00:00+00:00",
        "state": "active",
    }
    assert rows[1]["state"] == "paused until 2026-03-09T12:00:00+00:00"
    assert (rows[2]["state"], rows[2]["confirmed_at"], len(rows)) == ("pending", "", 6)


def test_import_of_an_export_changes_nothing(everybody: None, tmp_path: Path):
    path = tmp_path / "people.csv"
    call_command("export_subscribers", path, stdout=StringIO())
    before = snapshot()
    assert bring(path) == ["unchanged"] * 3 + ["skipped"] * 3
    assert snapshot() == before


def test_export_moves_to_another_site(everybody: None, tmp_path: Path):
    path = tmp_path / "people.csv"
    call_command("export_subscribers", path, stdout=StringIO())
    Subscriber.objects.all().delete()
    assert bring(path) == ["confirmed", "confirmed", "created"] + ["skipped"] * 3
    first, second, third = Subscriber.objects.order_by("pk")
    assert (first.email, first.frequency, first.topics.count()) == (
        "=active@example.org",
        "weekly",
        2,
    )
    assert (second.state, second.paused_until) == ("paused", NOON + 5 * DAY)
    assert third.state == "pending"


def test_file_is_its_owner_s_alone_and_appears_whole(everybody: None, tmp_path: Path):
    path, out = tmp_path / "people.csv", StringIO()
    call_command("export_subscribers", path, stdout=out)
    assert path.stat().st_mode & 0o077 == 0
    assert [file.name for file in tmp_path.iterdir()] == ["people.csv"]
    assert out.getvalue() == f"6 subscribers written to {path}\n"


def test_folder_that_is_not_there_is_said(tmp_path: Path):
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_subscribers", tmp_path / "none" / "people.csv", stdout=StringIO())


def test_export_costs_the_same_queries_for_any_number(django_assert_num_queries: Any):
    for _ in range(2):
        make_subscriber(topics=(make_tag(),))
        with django_assert_num_queries(2):
            call_command("export_subscribers", stdout=StringIO())
