from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg import sql

from subscriptions import digest
from subscriptions.models import Delivery, Issue, Subscriber, Suppression
from tests.factories import make_staff, make_tag
from tests.subscriptions.factories import (
    DAY,
    NOON,
    SECOND,
    make_due_post,
    make_subscriber,
    open_issue,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
CEILING = 12
CANARY = "canary.bird@example.org"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_staff(), backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:subscriptions_{name}", args=args)


def act(client: Client, name: str, action: str, *pks: int, **more: str) -> int:
    values = {"action": action, "_selected_action": pks} | more
    return client.post(page(f"{name}_changelist"), values, follow=True).status_code


@pytest.mark.parametrize("name", ["subscriber", "issue", "delivery", "suppression"])
def test_list_costs_the_same_queries_at_twice_the_rows(staff: Client, name: str):
    url, counts = page(f"{name}_changelist"), []
    for days in range(2):
        for number in range(10):
            Suppression.add(f"s{days}-{number}@example.org", "bounce", at=NOON)
            make_subscriber()
            make_due_post(noon=NOON + days * DAY)
        digest.open_issue(NOON + days * DAY + SECOND)
        with CaptureQueriesContext(connection) as queries:
            assert staff.get(url).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= CEILING


def test_issue_list_shows_the_accounting(staff: Client):
    issue = open_issue(people=3)
    issue.deliveries.filter(pk=issue.deliveries.all()[0].pk).update(state="sent", next_at=None)
    html = staff.get(page("issue_changelist")).content.decode()
    for column, shown in (("audience", 3), ("sent", 1), ("still_open", 2), ("problems", "–")):
        assert f'<td class="field-{column}">{shown}</td>' in html
    detail = staff.get(page("issue_change", issue.pk)).content.decode()
    assert "3 people = 1 sent + 2 open" in detail
    assert f"?issue__id__exact={issue.pk}" in detail


def test_issue_list_names_what_went_wrong(staff: Client):
    issue = open_issue(people=4)
    pks = issue.deliveries.values_list("pk", flat=True)
    for pk, state in zip(pks, ["rejected", "rejected", "unknown", "sent"], strict=True):
        Delivery.objects.filter(pk=pk).update(state=state, next_at=None)
    html = staff.get(page("issue_changelist")).content.decode()
    assert '<td class="field-problems">2 rejected, 1 unknown</td>' in html


@pytest.fixture
def many_issues() -> None:
    """Write four hundred issues of fifty deliveries each, and let the planner know."""
    last = open_issue(people=50)
    with connection.cursor() as cursor:
        for statement in (MORE_ISSUES, MORE_DELIVERIES):
            cursor.execute(statement, {"last": last.pk, "edition": last.editions.get().pk})
        cursor.execute("ANALYZE subscriptions_issue, subscriptions_delivery")


MORE_ISSUES = """
INSERT INTO subscriptions_issue (kind, local_date, scheduled_for, cutoff, frozen_at, state,
    pause_reason, subject, html, text, introduction)
SELECT kind, local_date - n, scheduled_for, cutoff, frozen_at - n * interval '1 day', 'done',
    '', '', '', '', ''
FROM subscriptions_issue, generate_series(1, 400) n WHERE id = %(last)s
"""
MORE_DELIVERIES = """
INSERT INTO subscriptions_delivery (issue_id, subscriber_id, edition_id, state, attempt,
    smtp_reply, at)
SELECT i.id, s.id, %(edition)s, 'sent', 1, '', i.frozen_at
FROM subscriptions_issue i, subscriptions_subscriber s WHERE i.id <> %(last)s
"""


@pytest.mark.parametrize("url", ["admin:index", "admin:subscriptions_issue_changelist"])
def test_page_never_reads_the_whole_ledger(staff: Client, many_issues: None, url: str):
    with CaptureQueriesContext(connection) as queries:
        staff.get(reverse(url))
    counting = [q["sql"] for q in queries if 'JOIN "subscriptions_delivery"' in q["sql"]]
    assert len(counting) == 1
    with connection.cursor() as cursor:
        # Rows that earlier tests left lie scattered; without a disk that turns, it is no matter.
        cursor.execute("SET LOCAL random_page_cost = 1.1")
        cursor.execute("EXPLAIN " + counting[0])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on subscriptions_delivery" not in plan, plan


def test_ledger_of_one_issue_can_be_listed(staff: Client):
    issue = open_issue(people=2)
    answer = staff.get(page("delivery_changelist") + f"?issue__id__exact={issue.pk}")
    assert answer.status_code == 200
    assert answer.context["cl"].result_count == 2


def test_subscriber_page_says_why_within_the_ceiling(staff: Client):
    reader = make_subscriber()
    for days in range(12):
        make_due_post(noon=NOON + days * DAY)
        digest.open_issue(NOON + days * DAY + SECOND)
    Delivery.objects.update(state="rejected", next_at=None, smtp_reply="550 5.1.1 unknown <here>")
    with CaptureQueriesContext(connection) as queries:
        html = staff.get(page("subscriber_change", reader.pk)).content.decode()
    assert html.count("550 5.1.1 unknown &lt;here&gt;") == 12
    assert len(queries) <= CEILING + 3  # Its form offers topics, its inline the events.


def test_address_is_found(staff: Client):
    make_subscriber(email="wanted@example.org")
    make_subscriber()
    answer = staff.get(page("subscriber_changelist") + "?q=WANTED@example")
    assert answer.context["cl"].result_count == 1


def test_staff_pause_and_resume_an_issue(staff: Client):
    issue = open_issue()
    act(staff, "issue", "pause", issue.pk)
    issue.refresh_from_db()
    assert (issue.state, issue.pause_reason[:9]) == (Issue.State.PAUSED, "paused by")
    act(staff, "issue", "resume", issue.pk)  # Leads to a question.
    assert Issue.objects.get().state == Issue.State.PAUSED
    staff.post(page("issue_deed", issue.pk, "resume"))
    assert Issue.objects.get().state == Issue.State.SENDING


def test_actions_need_their_permission(client: Client):
    clerk = User.objects.create_user("clerk", is_staff=True)
    names = ["view_subscriber", "change_subscriber", "view_issue"]
    clerk.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    issue = open_issue()
    reader = Subscriber.objects.get()
    for action in ("unsubscribe", "erase"):
        act(client, "subscriber", action, reader.pk, sure="yes")
    act(client, "issue", "pause", issue.pk)
    assert Subscriber.objects.get().is_active()
    assert Issue.objects.get().state == Issue.State.SENDING


def test_added_person_is_pending_and_asked_to_confirm(
    staff: Client, run_jobs: Callable[[], int], mailoutbox: list[Any]
):
    tag = make_tag()
    values = {"email": "New@EXAMPLE.org", "frequency": "weekly", "topics": [tag.pk]}
    assert staff.post(page("subscriber_add"), values).status_code == 302
    run_jobs()
    added = Subscriber.objects.get()
    assert (added.email, added.state, added.frequency) == ("New@example.org", "pending", "weekly")
    assert list(added.topics.all()) == [tag]
    assert added.events.get().actor == "staff"
    assert mailoutbox[0].subject.startswith("Confirm")


def test_erased_address_is_nowhere_in_the_database(staff: Client, run_jobs: Callable[[], int]):
    staff.post(page("subscriber_add"), {"email": CANARY, "frequency": "daily"})
    run_jobs()
    reader = Subscriber.objects.get()
    reader.confirm(at=NOON - DAY)
    open_issue(people=0)
    values = {"frequency": "weekly", "events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0}
    staff.post(page("subscriber_change", reader.pk), values)
    assert tables_with(CANARY) == {"subscriptions_subscriber"}
    act(staff, "subscriber", "erase", reader.pk, sure="yes")
    assert tables_with(CANARY) == set()


def tables_with(text: str) -> set[str]:
    """Return the tables of the whole database in which any column of any row holds this text."""
    found = set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            rows = sql.SQL("SELECT 1 FROM {} t WHERE t::text ILIKE %s").format(
                sql.Identifier(table)
            )
            cursor.execute(rows, [f"%{text}%"])
            found |= {table} if cursor.fetchone() else set()
    return found


def test_ledger_shows_the_address(staff: Client):
    issue = open_issue()
    email = Subscriber.objects.get().email
    for url in (page("delivery_changelist"), page("delivery_change", issue.deliveries.get().pk)):
        assert email in staff.get(url).content.decode()


@pytest.mark.parametrize("email", ["nonsense", "HERE@example.org", "gone@example.org"])
def test_wrong_known_or_suppressed_address_cannot_be_added(staff: Client, email: str):
    make_subscriber(email="here@example.org")
    Suppression.add("gone@example.org", "erased", at=NOON)
    answer = staff.post(page("subscriber_add"), {"email": email, "frequency": "daily"})
    assert (answer.status_code, Subscriber.objects.count()) == (200, 1)


def test_change_in_the_admin_goes_through_the_verb(staff: Client):
    open_issue()
    reader, tag = Subscriber.objects.get(), make_tag()
    values = {"frequency": "weekly", "topics": [tag.pk], "events-TOTAL_FORMS": 0,
              "events-INITIAL_FORMS": 0}  # fmt: skip
    assert staff.post(page("subscriber_change", reader.pk), values).status_code == 302
    reader.refresh_from_db()
    assert (reader.frequency, list(reader.topics.all())) == ("weekly", [tag])
    assert Delivery.objects.get().state == "cancelled"


def test_choice_of_who_has_left_cannot_be_changed(staff: Client):
    reader = make_subscriber(state="unsubscribed")
    values = {"frequency": "weekly", "topics": [make_tag().pk], "events-TOTAL_FORMS": 0,
              "events-INITIAL_FORMS": 0}  # fmt: skip
    assert staff.get(page("subscriber_change", reader.pk)).status_code == 200
    staff.post(page("subscriber_change", reader.pk), values)
    reader.refresh_from_db()
    assert (reader.frequency, reader.topics.count()) == ("daily", 0)


def test_desk_says_to_withdraw_a_mailed_post(staff: Client):
    post = open_issue().posts.get()
    url = reverse("admin:posts_post_delete", args=[post.pk])
    values = {"action": "delete_selected", "_selected_action": post.pk}
    for answer in (
        staff.get(url),
        staff.post(url, {"post": "yes"}),
        staff.post(reverse("admin:posts_post_changelist"), values),
    ):
        assert "Withdraw it instead" in answer.content.decode()
    assert Delivery.objects.exists()


def test_records_cannot_be_typed(staff: Client):
    issue = open_issue()
    assert staff.get(page("issue_add")).status_code == 403
    assert staff.get(page("delivery_delete", issue.deliveries.get().pk)).status_code == 403
    assert staff.get(page("subscriber_delete", Subscriber.objects.get().pk)).status_code == 403
