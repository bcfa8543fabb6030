"""The panel tells what has to be mended, and nothing about a single person."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from subscriptions.deliverability import alarms, domains
from subscriptions.deliverability.domains import OTHERS, DomainCount, Figures
from subscriptions.deliverability.selfchecks import SelfCheck
from subscriptions.feedback.events import MailEvent, MailSource
from subscriptions.models import Issue, Subscriber, Suppression
from tests.factories import make_staff
from tests.subscriptions.factories import DAY, HOUR, NOON, make_subscriber, sent_delivery

pytestmark = pytest.mark.django_db
PANEL = "/admin/subscriptions/selfcheck/"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff(), backend="django.contrib.auth.backends.ModelBackend")
    return client


def enter(client: Client, *names: str) -> Client:
    """Return the client as somebody of the staff with these permissions and no others."""
    user = User.objects.create_user("someone", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def make_readers(domain: str, count: int) -> list[Subscriber]:
    return [make_subscriber(email=f"r{number}@{domain}") for number in range(count)]


def tell(kind: str, reader: Subscriber, **values: Any) -> None:
    number = MailEvent.objects.count()
    MailEvent.objects.create(source="mailbox", key=f"k{number}", kind=kind, subscriber=reader,
                             **{"happened_at": NOON, "received_at": NOON, **values})  # fmt: skip


@pytest.mark.slow
def test_figures_are_by_domain_and_of_five_people_at_least():
    big, few = make_readers("big.example", 6), make_readers("few.example", 4)
    for reader in [*big, few[0]]:
        sent_delivery(reader)
    sent_delivery(big[0], NOON - 40 * DAY)  # Too long ago.
    tell("soft", big[0])
    tell("complaint", big[1])
    tell("hard", big[2], received_at=NOON - 40 * DAY)
    assert [domains.count(NOON + DAY) for _ in range(2)] == [1, 0]
    assert domains.by_domain(NOON + DAY) == [Figures("big.example", 6, 6, 1, 0, 1)]
    make_readers("other.example", 1)
    assert domains.by_domain(NOON + DAY)[1:] == [Figures(OTHERS, 5, 1, 0, 0, 0)]


def test_issue_done_once_more_is_counted_anew():
    reader = make_readers("big.example", 5)[0]
    sent_delivery(reader)
    domains.count(NOON)
    sent_delivery(make_readers("new.example", 5)[0])
    Issue.objects.update(done_at=NOON + HOUR)
    assert domains.count(NOON + 2 * HOUR) == 1
    assert DomainCount.objects.get().sent == 2


@pytest.mark.slow
def test_ten_domains_are_shown_however_many_there_are():
    for number in range(12):
        make_readers(f"d{number:02}.example", 5)
    shown = [row.domain for row in domains.by_domain(NOON)]
    assert shown == [f"d{number:02}.example" for number in range(10)] + [OTHERS]


@pytest.mark.slow
def test_panel_costs_the_same_queries_at_twice_the_rows(staff: Client):
    counts = []
    for domain in ("a", "b"):
        for reader in make_readers(f"{domain}.example", 10):
            sent_delivery(reader)
            tell("policy", reader, words=f"550 5.7.1 {reader.pk}")
            SelfCheck.objects.create(sent_at=NOON)
        MailSource.heard(domain, at=NOON)
        with time_machine.travel(NOON + HOUR), CaptureQueriesContext(connection) as queries:
            assert staff.get(PANEL).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


def test_mailbox_that_is_not_set_up_any_more_alarms_nobody():
    MailSource.failed("mailbox", "away", at=NOON - DAY)
    MailSource.failed("postmark", "away", at=NOON - DAY)
    assert [source.name for source in alarms.sources()] == ["postmark"]
    assert alarms.current(NOON) == ["Returned mail is not read (postmark): away."]


@pytest.mark.slow
def test_panel_shows_what_there_is_and_no_address(staff: Client, settings: Any):
    settings.BOUNCE_ADDRESS, settings.BOUNCE_MAILBOX = "b@returns.example", {"SCHEME": "maildir"}
    for reader in make_readers("big.example", 5):
        sent_delivery(reader)
        tell("policy", reader, status="5.7.1", words="550 5.7.1 <…> blocked")
    tell("soft", reader)
    domains.count(NOON)
    SelfCheck.objects.create(sent_at=NOON, arrived_at=NOON + HOUR, dmarc="fail", checked_by="mx",
                             signing_domain="example.org", is_aligned=True)  # fmt: skip
    MailSource.failed("mailbox", "the server cannot be reached", at=NOON)
    with time_machine.travel(NOON + 3 * HOUR):
        html = staff.get(PANEL).content.decode()
        assert "Self-check: DMARC says “fail”." in staff.get("/admin/").content.decode()
    for words in ("big.example", "550 5.7.1 &lt;…&gt; blocked", "DMARC says “fail”.", "3,600 s",
                  "The server cannot be reached, since", '<rect class="rates__soft"'):  # fmt: skip
        assert words in html
    assert "@big.example" not in html
    assert "style=" not in html.partition('class="fares"')[2]


@pytest.mark.parametrize(
    ("checks", "trouble", "alarm"),
    [
        ([], timedelta(), ""),
        ([{"sent_at": NOON - HOUR}], timedelta(), ""),
        ([{"sent_at": NOON - 4 * HOUR}], timedelta(), "not arrived within 3 hours"),
        ([{"sent_at": NOON - 40 * HOUR}], timedelta(), "is a worker running?"),
        ([{"sent_at": NOON - HOUR}, {"sent_at": NOON - DAY, "trouble": "550 No"}], timedelta(),
         "The relay did not take it: 550 No"),
        ([], timedelta(minutes=10), ""),
        ([], timedelta(hours=2), "Returned mail is not read (mailbox): away."),
    ],
)  # fmt: skip
def test_alarm_is_for_what_lasts(
    settings: Any, checks: list[dict[str, Any]], trouble: timedelta, alarm: str
):
    settings.BOUNCE_ADDRESS, settings.BOUNCE_MAILBOX = "b@returns.example", {"SCHEME": "maildir"}
    for values in checks:
        SelfCheck.objects.create(**values)
    if trouble:
        MailSource.failed("mailbox", "away", at=NOON - trouble)
    found = alarms.current(NOON)
    assert (len(found), alarm in "".join(found)) == (int(bool(alarm)), True)


@pytest.mark.slow
def test_alarm_counts_refusals_and_complaints():
    readers = make_readers("big.example", 12)
    for reader in readers[:10]:
        tell("policy", reader)
    for reader in readers[:3]:
        tell("complaint", reader)
    assert alarms.current(NOON + HOUR) == [
        "10 mails were refused on our account since yesterday.",
        "3 of 15 readers complained within 30 days.",
    ]


@pytest.mark.slow
def test_panel_and_its_button_need_their_permissions(client: Client, settings: Any, run_jobs: Any):
    settings.BOUNCE_ADDRESS, settings.BOUNCE_MAILBOX = "b@returns.example", {"SCHEME": "maildir"}
    enter(client, "view_selfcheck", "view_subscriber")
    assert [client.get(PANEL).status_code, client.post(f"{PANEL}run/").status_code] == [403, 403]
    assert "Deliverability" not in client.get("/admin/subscriptions/subscriber/").content.decode()
    User.objects.all().delete()
    enter(client, "view_deliverability", "run_selfcheck")
    assert [client.get(PANEL).status_code, client.get(f"{PANEL}run/").status_code] == [200, 405]
    for _ in range(2):  # Pressed again before the worker has come to it.
        client.post(f"{PANEL}run/")
    assert (run_jobs(), SelfCheck.objects.count()) == (1, 1)
    client.post(f"{PANEL}run/")  # One is on its way.
    assert run_jobs() == 0


@pytest.mark.slow
def test_bounce_is_undone_after_a_question_for_one_and_for_many(client: Client):
    enter(client, "view_subscriber", "change_subscriber", "restore_subscriber")
    one, two, complained = make_readers("big.example", 3)
    for reader, reason in ((one, "bounce"), (two, "bounce"), (complained, "complaint")):
        reader.suppress(Suppression.Reason(reason), at=NOON, method="test")
    url = reverse("admin:subscriptions_subscriber_restore", args=[one.pk])
    assert url in client.get(f"/admin/subscriptions/subscriber/{one.pk}/change/").content.decode()
    assert one.email in client.get(url).content.decode()
    assert Subscriber.objects.active().count() == 0  # Asking changes nothing.
    client.post(url, {"sure": "yes"})
    chosen = {"action": "restore", "_selected_action": [two.pk, complained.pk]}
    page = client.post("/admin/subscriptions/subscriber/", chosen).content.decode()
    assert "1 of those chosen did not bounce" in page
    client.post("/admin/subscriptions/subscriber/", {**chosen, "sure": "yes"})
    states = Subscriber.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["active", "active", "complained"]
    assert one.events.last().actor == "staff"  # type: ignore[union-attr]
    assert LogEntry.objects.count() == 2


@pytest.mark.slow
def test_undoing_and_exporting_need_their_permissions(client: Client):
    reader = make_subscriber()
    reader.suppress(Suppression.Reason.BOUNCE, at=NOON, method="test")
    enter(client, "view_subscriber", "change_subscriber")
    for path in (f"{reader.pk}/restore/", "export/"):
        url = f"/admin/subscriptions/subscriber/{path}"
        assert [client.get(url).status_code, client.post(url).status_code] == [403, 403]
    chosen = {"action": "restore", "_selected_action": [reader.pk], "sure": "yes"}
    client.post("/admin/subscriptions/subscriber/", chosen)
    assert Subscriber.objects.get().state == "bounced"
    html = client.get("/admin/subscriptions/subscriber/").content.decode()
    assert "Export…" not in html


@pytest.mark.slow
def test_export_is_a_file_and_leaves_a_line_in_the_log(client: Client):
    enter(client, "view_subscriber", "export_subscriber")
    make_readers("big.example", 3)
    url = reverse("admin:subscriptions_subscriber_export")
    assert "3 people" in client.get(url).content.decode()
    assert not LogEntry.objects.exists()
    answer: Any = client.post(url)
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].startswith("email,frequency")
    assert [line.partition(",")[0] for line in lines[1:]] == [f"r{n}@big.example" for n in range(3)]
    assert LogEntry.objects.get().change_message == "Exported to a CSV file."
