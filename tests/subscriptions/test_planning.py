"""The page of the next e-mail: arranging it, looking at it, and sending a test of it."""

from datetime import datetime
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from posts.models import Post
from subscriptions import digest, testsends
from subscriptions.models import Delivery, DeliveryItem, Issue, Plan
from tests.factories import make_member, make_staff, make_tag
from tests.subscriptions.factories import DAY, HOUR, NOON, SECOND, make_due_post, make_subscriber
from tests.subscriptions.relay import Sink

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
NEXT, TEST = reverse("admin:subscriptions_issue_next"), reverse("admin:subscriptions_issue_test")
PREVIEW = reverse("admin:subscriptions_issue_preview")


@pytest.fixture(autouse=True)
def an_hour_before_noon():
    with time_machine.travel(NOON - HOUR, tick=False) as traveller:
        yield traveller


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(make_member("Editor", email="Editor@example.org"))
    return client


def sent(posts: list[Post], **values: Any) -> dict[str, Any]:
    """Return what the form sends."""
    rows = {"post": [post.pk for post in posts]}
    return {"kind": "daily", "local_date": "2026-03-04", "seen": "", **rows} | values


def three_posts() -> list[Post]:
    return [make_due_post(title=title, before=(hours + 1) * HOUR)
            for hours, title in enumerate(["First", "Second", "Third"], start=1)]  # fmt: skip


def order_on(html: str, *titles: str) -> list[str]:
    start = html.index('id="plan"')
    return sorted(titles, key=lambda title: html.index(f">{title}</a>", start))


def test_the_page_tells_what_goes_out_when_and_to_how_many(editor: Client):
    make_subscriber()
    make_subscriber()
    three_posts()
    html = editor.get(NEXT).content.decode()
    assert "Today at noon · Wednesday 4 March · 1 h 0 min left" in html
    assert "3 posts to 2 subscribers." in html
    assert order_on(html, "Third", "First", "Second") == ["First", "Second", "Third"]
    weekly = editor.get(NEXT, {"kind": "weekly"}).content.decode()
    assert "On Friday 6 March at noon · Friday 6 March · 2 days left" in weekly


def test_saving_keeps_introduction_order_and_what_waits_and_who_did_it(editor: Client):
    a, b, c = three_posts()
    values = sent([c, a, b], introduction=" Two words.\nMore. ", left_out=[b.pk])
    answer = editor.post(NEXT, values, follow=True)
    html = answer.content.decode()
    plan = Plan.objects.get()
    assert plan.introduction == "Two words. More."
    assert plan.arrangement().order == (c.pk, a.pk)
    assert plan.changed_by == User.objects.get()
    assert order_on(html, "First", "Second", "Third") == ["Third", "First", "Second"]
    assert "introduction “Two words. More.”" in LogEntry.objects.get().change_message


def test_a_move_saves_the_rest_of_the_form_too(editor: Client):
    a, b, c = three_posts()
    editor.post(NEXT, sent([a, b, c], introduction="Words.", move=f"up:{c.pk}"))
    plan = Plan.objects.get()
    assert (plan.introduction, plan.arrangement().order) == ("Words.", (a.pk, c.pk, b.pk))
    back = sent([a, c, b], introduction="Words.", seen=plan.changed_at.isoformat())
    with time_machine.travel(NOON - HOUR + SECOND, tick=False):
        editor.post(NEXT, back | {"move": f"down:{c.pk}"})
    assert Plan.objects.get().arrangement().order == ()  # As it comes: the newest first.


@pytest.mark.parametrize(
    ("introduction", "status"),
    [("x" * 300, 302), ("x" * 301, 422), ("a\x00b", 422), ("<b>bold</b>", 302)],
)
def test_an_introduction_has_at_most_300_characters_and_nothing_typed_is_lost(
    editor: Client, introduction: str, status: int
):
    a, b, c = three_posts()
    answer = editor.post(NEXT, sent([b, a, c], introduction=introduction, left_out=[c.pk]))
    assert answer.status_code == status
    if status == 422:
        html = answer.content.decode()
        assert introduction.replace("\x00", "") in html
        assert order_on(html, "First", "Second") == ["Second", "First"]
        assert f'value="{c.pk}" checked' in html
        assert not Plan.objects.exists()


def test_after_the_freeze_the_form_is_refused_in_words_and_keeps_what_was_typed(editor: Client):
    posts = three_posts()
    values = sent(posts, introduction="Just too late.")
    with time_machine.travel(NOON + SECOND, tick=False):
        digest.open_issue(NOON + SECOND)
        answer = editor.post(NEXT, values)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "The e-mail of 4 March has been put together already" in html
    assert "Just too late." in html
    assert 'name="local_date" value="2026-03-05"' in html
    assert not Plan.objects.exists()


def test_of_two_editors_the_slower_is_told_and_keeps_what_was_typed(editor: Client):
    posts = three_posts()
    editor.post(NEXT, sent(posts, introduction="The quicker."))
    answer = editor.post(NEXT, sent(posts, introduction="The slower."))
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "has changed this e-mail since you opened the page" in html
    assert "The slower." in html
    assert Plan.objects.get().introduction == "The quicker."


def test_words_for_a_noon_that_was_skipped_are_shown_for_the_next(editor: Client):
    editor.post(NEXT, sent(three_posts(), introduction="Written in vain."))
    digest.open_issue(NOON + 9 * HOUR)
    with time_machine.travel(NOON + DAY - HOUR, tick=False):
        html = editor.get(NEXT).content.decode()
    assert "was not sent: “Written in vain.”" in html


@pytest.mark.parametrize("value", ["999999", "-1", "x", "²", "9" * 400])
def test_numbers_of_no_post_change_nothing(editor: Client, value: str):
    posts = three_posts()
    answer = editor.post(NEXT, sent(posts) | {"post": [value], "left_out": [value], "move": value})
    assert answer.status_code == 302
    assert not Plan.objects.get().entries.exists()


@pytest.mark.parametrize("day", ["", "2026-13-01", "0000-00-00", "x" * 5000])
def test_a_damaged_date_is_refused_in_words(editor: Client, day: str):
    answer = editor.post(NEXT, sent(three_posts(), local_date=day, introduction="Kept."))
    assert answer.status_code == 422
    assert "Kept." in answer.content.decode()


def test_each_part_needs_its_permission(client: Client):
    clerk = User.objects.create_user("clerk", is_staff=True)
    client.force_login(clerk)
    for url in (NEXT, PREVIEW):
        assert client.get(url).status_code == 403
    clerk.user_permissions.add(Permission.objects.get(codename="view_issue"))
    assert client.get(NEXT).status_code == client.get(PREVIEW).status_code == 200
    assert "Send a test" not in client.get(NEXT).content.decode()
    for url in (NEXT, TEST):
        assert client.post(url, sent([])).status_code == 403


def test_the_page_costs_the_same_for_any_number_of_posts_and_people(editor: Client):
    counts = []
    for _ in range(2):
        for _ in range(4):
            tag = make_tag()
            make_due_post(tags=(tag,), topic=tag)
            make_subscriber(topics=(tag,))
        with CaptureQueriesContext(connection) as queries:
            editor.get(NEXT)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15


def test_preview_is_what_will_go_out_in_a_frame_that_can_do_nothing(editor: Client):
    make_subscriber()
    posts = three_posts()
    editor.post(NEXT, sent(posts, introduction="On top."))
    answer = editor.get(PREVIEW, {"scheme": "dark"})
    html, policy = answer.content.decode(), answer["Content-Security-Policy"]
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "script-src 'none'" in policy
    assert "form-action 'none'" in policy
    assert "@media all {" in html
    digest.open_issue(NOON + SECOND)
    body = Issue.objects.get().html.partition("<body")[2].partition("/u/")
    shown = html.partition("<body")[2].partition("/u/")
    assert shown[0] == body[0]


def test_preview_of_a_topic_shows_its_posts_alone(editor: Client):
    tag = make_tag(name="Prisons")
    make_subscriber(topics=(tag,))
    make_due_post(title="Of prisons", before=2 * HOUR, tags=(tag,))
    make_due_post(title="Of else", before=2 * HOUR)
    html = editor.get(PREVIEW, {"topic": tag.pk}).content.decode()
    assert "Of prisons" in html
    assert "Of else" not in html
    assert "Prisons (1)" in editor.get(NEXT).content.decode()


def test_a_test_goes_to_staff_marked_and_leaves_the_ledger_alone(editor: Client, relay: Sink):
    reader = make_subscriber()
    three_posts()
    values = {"kind": "daily", "to": " editor@EXAMPLE.org "}
    said = editor.post(TEST, values, follow=True).content.decode()
    assert "A test was handed to the mail relay for Editor@example.org." in said
    assert relay.recipients == ["Editor@example.org"]
    message = relay.messages[0]
    assert message["Subject"] == "[Test] First, and 2 more"
    leave = str(message["List-Unsubscribe"]).strip("<>").replace("http://testserver", "")
    assert Client().post(leave[leave.index("/u/") :]).status_code == 200
    reader.refresh_from_db()
    assert reader.is_active()
    assert not any(table.objects.exists() for table in (Issue, Delivery, DeliveryItem))


def test_two_tests_are_two_messages(editor: Client, relay: Sink, an_hour_before_noon: Any):
    three_posts()
    for _ in range(2):
        editor.post(TEST, {"to": "editor@example.org"})
        an_hour_before_noon.shift(SECOND)
    first, second = relay.messages
    assert first["Message-ID"] != second["Message-ID"]


def test_staff_with_an_address_of_another_script_get_it_in_ascii(
    editor: Client, mailoutbox: list[Any]
):
    User.objects.create_user("zoe", email="zoe@bücher.example", is_staff=True)
    make_due_post(before=2 * HOUR)
    assert editor.post(TEST, {"to": "zoe@bücher.example"}).status_code == 302
    assert mailoutbox[0].to == ["zoe@xn--bcher-kva.example"]


@pytest.mark.parametrize(
    "to", ["reader@example.org", "", "nonsense", "former@example.org", "a\r\nBcc: b@example.org"]
)
def test_a_test_goes_to_nobody_but_staff(editor: Client, relay: Sink, to: str):
    three_posts()
    User.objects.create_user("reader", email="reader@example.org")
    User.objects.create_user("former", email="former@example.org", is_staff=True, is_active=False)
    answer = editor.post(TEST, {"to": to})
    assert answer.status_code == 422
    assert "Tests go to members of staff alone." in answer.content.decode()
    assert relay.recipients == []


def test_tests_are_limited_by_the_hour(editor: Client, mailoutbox: list[Any]):
    three_posts()
    answers = [editor.post(TEST, {"to": "editor@example.org"}).status_code
               for _ in range(testsends.TESTS_PER_HOUR + 1)]  # fmt: skip
    assert answers == [302] * testsends.TESTS_PER_HOUR + [422]
    assert len(mailoutbox) == testsends.TESTS_PER_HOUR


@pytest.mark.parametrize(
    ("reply", "said"), [("550 5.7.1 not you", "said “550 5.7.1 not you”"), ("", "handed")]
)
def test_what_the_relay_says_of_a_test_is_shown(editor: Client, relay: Sink, reply: str, said: str):
    three_posts()
    relay.on_rcpt = lambda to: reply
    answer = editor.post(TEST, {"to": "editor@example.org"}, follow=True)
    assert said in answer.content.decode()


def test_a_test_of_nothing_is_refused_in_words(editor: Client):
    answer = editor.post(TEST, {"to": "editor@example.org"})
    assert answer.status_code == 422


def test_staff_without_an_address_type_one(client: Client):
    client.force_login(make_staff())
    three_posts()
    assert 'name="to" value=""' in client.get(NEXT).content.decode()


def test_the_page_works_at_every_hour_of_a_week(editor: Client):
    three_posts()
    for hours in range(0, 7 * 24, 11):
        moment: datetime = NOON + hours * HOUR
        with time_machine.travel(moment, tick=False):
            for kind in ("daily", "weekly"):
                assert editor.get(NEXT, {"kind": kind}).status_code == 200


def test_a_week_that_waits_is_told_from_the_day_it_goes_out(editor: Client):
    with time_machine.travel(NOON + 4 * DAY - HOUR, tick=False):  # Sunday.
        html = editor.get(NEXT, {"kind": "weekly"}).content.decode()
    assert "Today at noon · late, that of Friday 6 March · 1 h 0 min left" in html
