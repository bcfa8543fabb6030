"""Decisions at the queue: by button or key, for the whole list, undone, and by whom."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from comments.models import Comment
from tests.comments.factories import CANARY, make_comment, make_moderator, published
from tests.factories import make_member, make_post

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LIST = "/admin/comments/comment/"


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_moderator("moderate_comment"))
    return client


def press(client: Client, address: str, **data: str) -> Any:
    """Press a button of a list that was opened just now."""
    return client.post(f"{LIST}{address}", {"seen": timezone.now().isoformat()} | data)


def by_script(client: Client, address: str, **data: str) -> dict[str, Any]:
    fields = {"seen": timezone.now().isoformat()} | data
    answer: dict[str, Any] = client.post(
        f"{LIST}{address}", fields, headers={"Accept": "application/json"}
    ).json()
    return answer


def state(comment: Comment) -> str:
    comment.refresh_from_db()
    return comment.state


@pytest.mark.parametrize(
    ("verb", "after"), [("approve", "published"), ("mark_spam", "spam"), ("remove", "removed")]
)
def test_a_rows_button_decides_and_leads_back_to_the_same_list(desk, verb, after):
    comment = make_comment()
    answer = press(desk, "decide/", decision=f"{verb}:{comment.pk}", query="state=held&q=x")
    assert state(comment) == after
    assert answer["Location"] == f"{LIST}?state=held&q=x"


def test_a_script_hears_what_happened_and_takes_it_back(desk):
    comment, _ = make_comment(), make_comment()
    answer = by_script(desk, "decide/", decision=f"mark_spam:{comment.pk}")
    assert (answer["changed"], answer["waiting"]) == (1, 1)
    assert answer["said"] == "1 comment marked as spam."
    assert by_script(desk, "undo/", undo=answer["undo"])["changed"] == 1
    assert state(comment) == "held"


def test_the_list_offers_to_undo_what_was_just_decided(desk):
    make_comment(), make_comment()
    press(desk, "everything/", everything="approve")
    page = desk.get(LIST).content.decode()
    assert "2 comments published at" in page
    assert 'name="undo"' in page
    press(desk, "decide/", decision=f"mark_spam:{Comment.objects.earliest('pk').pk}")
    assert "1 comment marked as spam at" in desk.get(LIST).content.decode()


def test_five_hundred_clear_in_one_click_and_few_statements(desk):
    post = make_post()
    rows = [Comment(post=post, name="N", body=f"Words {n}") for n in range(500)]
    Comment.objects.bulk_create(rows)
    with CaptureQueriesContext(connection) as queries:
        press(desk, "everything/", everything="approve")
    assert Comment.objects.published().count() == 500
    assert len(queries) <= 22


def test_the_whole_list_is_the_list_as_filtered(desk):
    spam, waiting = make_comment(state="spam"), make_comment(body="about Peterborough")
    other = make_comment()
    press(desk, "everything/?q=Peterborough", everything="remove")
    assert [state(one) for one in (spam, waiting, other)] == ["spam", "removed", "held"]


@pytest.mark.parametrize("change", ["came", "was edited"])
def test_nothing_is_decided_that_nobody_has_seen(desk, change):
    seen = timezone.now()
    comment = make_comment(created_at=seen)
    name = "created_at" if change == "came" else "edited_at"
    Comment.objects.update(**{name: timezone.now()})
    press(desk, "decide/", decision=f"approve:{comment.pk}", seen=seen.isoformat())
    press(desk, "everything/", everything="approve", seen=seen.isoformat())
    ticked = {"action": "approve", "_selected_action": str(comment.pk)}
    press(desk, "", seen=seen.isoformat(), **ticked)
    assert state(comment) == "held"


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
@pytest.mark.parametrize("address", ["decide/", "everything/", "undo/"])
def test_moment_beyond_the_calendar_is_refused(desk, address, moment):
    values = {"decision": "approve:1", "everything": "approve", "undo": moment}
    assert press(desk, address, seen=moment, **values).status_code == 400


def test_who_comes_second_is_told_what_was_decided(desk):
    comment = make_comment(state="spam")
    said = by_script(desk, "decide/", decision=f"mark_spam:{comment.pk}")["said"]
    assert said == "Nothing changed: this comment is spam by now."


def test_colleagues_decision_of_this_minute_is_not_turned_round_unseen(desk):
    seen = timezone.now()
    comment = make_comment(created_at=seen)
    Comment.objects.all().approve(by=make_moderator())
    press(desk, "decide/", decision=f"mark_spam:{comment.pk}", seen=seen.isoformat())
    ticked = {"action": "mark_spam", "_selected_action": str(comment.pk)}
    press(desk, "?state=all", seen=seen.isoformat(), **ticked)
    assert state(comment) == "published"


def test_a_reply_from_the_queue_approves_what_waits(desk):
    comment = make_comment()
    answer = by_script(desk, "decide/", decision=f"reply:{comment.pk}", reply="Thank *you*.")
    assert answer["said"] == "Your reply is published, and the comment with it."
    assert state(comment) == "published"
    assert comment.replies.get().is_staff


@pytest.mark.parametrize(("kind", "text"), [("held", "  "), ("held", "x" * 5_001), ("spam", "Hi")])
def test_a_reply_that_cannot_stand_publishes_nothing(desk, kind, text):
    comment = make_comment(state=kind)
    answer = by_script(desk, "decide/", decision=f"reply:{comment.pk}", reply=text)
    assert answer["said"].startswith("Not published")
    assert (state(comment), Comment.objects.count()) == (kind, 1)


@pytest.mark.parametrize(
    ("address", "data"),
    [
        ("decide/", {"decision": "shred:1"}),
        ("decide/", {"decision": "approve:1", "seen": "yesterday"}),
        ("decide/", {"decision": "approve:1", "seen": "2026-13-45T00:00:00+00:00"}),
        ("everything/", {"everything": "erase"}),
        ("everything/?id=x", {"everything": "approve"}),
        ("everything/?post__author__name=x", {"everything": "approve"}),
        ("undo/", {"undo": "\x00"}),
    ],
)
def test_what_no_button_sends_is_refused(desk, address, data):
    assert press(desk, address, **data).status_code == 400


@pytest.mark.parametrize("number", ["9" * 30, "x", "\x00", ""])
def test_a_row_that_is_none_changes_nothing(desk, number):
    make_comment()
    assert press(desk, "decide/", decision=f"approve:{number}").status_code == 302
    assert not Comment.objects.published().exists()


@pytest.mark.parametrize(
    ("who", "may"),
    [("Moderator", True), ("Editor", True), ("Author", False), ("looker", False), ("", False)],
)
def test_only_who_may_moderate_decides_undoes_and_replies(client, who, may):
    comment = make_comment()
    if who:
        client.force_login(make_moderator() if who == "looker" else make_member(who))
    for address, data in [
        ("undo/", {"undo": timezone.now().isoformat()}),
        ("decide/", {"decision": f"approve:{comment.pk}"}),
        ("decide/", {"decision": f"reply:{comment.pk}", "reply": "Words."}),
        ("everything/", {"everything": "remove"}),
    ]:
        answer = press(client, address, **data)
        refused = answer.status_code == 403 or "/admin/login/" in answer["Location"]
        assert refused is not may
    assert (state(comment) != "held") is may


def test_a_get_decides_nothing(desk):
    assert desk.get(f"{LIST}decide/").status_code == 405


def test_a_persons_history_is_one_click_away(desk):
    comment = make_comment(email=CANARY)
    others = [published(email=CANARY), make_comment(email=CANARY, state="spam")]
    make_comment(email="another@example.org")
    page = desk.get(f"{LIST}?by={comment.public_id}")
    assert set(page.context["cl"].result_list) == {comment, *others}
    assert f"?by={comment.public_id}" in desk.get(LIST).content.decode()


def test_the_address_stands_in_the_row_for_who_may_see_it(client):
    make_comment(email=CANARY)
    client.force_login(make_member("Moderator"))
    assert CANARY in client.get(LIST).content.decode()
