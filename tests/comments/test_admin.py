"""The moderation desk: the queue, the decisions and who may make them, and its cost."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from comments.admin.columns import brief
from comments.deskform import VERBS, steps_from
from comments.models import Comment
from comments.records import RefusalCount
from tests.comments.factories import CANARY, make_comment, make_moderator, published
from tests.factories import make_post

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
LIST = "/admin/comments/comment/"


@pytest.fixture
def desk(client: Client) -> Client:
    client.force_login(make_moderator("moderate_comment"))
    return client


@pytest.fixture
def looker(client: Client) -> Client:
    """Return somebody at the desk who may look but not decide."""
    client.force_login(make_moderator())
    return client


def shown(client: Client, query: str = "") -> list[Comment]:
    return list(client.get(LIST + query).context["cl"].result_list)


def act(client: Client, action: str, *comments: Comment) -> str:
    data = {"action": action, "_selected_action": [comment.pk for comment in comments],
            "seen": timezone.now().isoformat()}  # fmt: skip
    return client.post(LIST + "?state=all", data, follow=True).content.decode()


def test_queue_opens_with_what_waits_oldest_first(desk):
    for state in ["published", "spam", "hidden", "removed"]:
        make_comment(state=state)
    first, second = make_comment(), make_comment()
    assert shown(desk) == [first, second]


@pytest.mark.parametrize("state", ["spam", "published", "hidden", "removed"])
def test_filter_shows_one_state(desk, state):
    make_comment()
    comment = make_comment(state=state)
    assert shown(desk, f"?state={state}") == [comment]


def test_list_can_show_everything(desk):
    comments = [make_comment(state=state) for state in ["held", "spam", "published"]]
    assert shown(desk, "?state=all") == comments


def test_text_and_its_links_are_shown_as_text(desk):
    make_comment(body="[go](http://pills.test) <script>alert(1)</script>", name="<b>Eve</b>")
    page = desk.get(LIST).content.decode()
    assert "[go](http://pills.test)" in page
    assert 'href="http://pills.test' not in page
    assert "<script>alert" not in page
    assert "<b>Eve" not in page


def test_row_shows_score_with_its_reasons_and_the_history_of_the_address(desk):
    reasons = [{"code": "links", "weight": 15, "evidence": "2 links"}]
    make_comment(email=CANARY, score=15, reasons=reasons)
    published(email=CANARY)
    make_comment(email=CANARY, state="spam")
    page = desk.get(LIST).content.decode()
    assert ">links: 2 links, +15</span>" in page
    assert "1 spam, 1 waiting, 1 published" in page
    assert "canary" not in page


def test_list_says_how_many_were_refused_unseen(desk):
    RefusalCount.add(timezone.now().date())
    assert "1 refused unseen in the last 30 days" in desk.get(LIST).content.decode()


ACTIONS = [
    ("approve", "held", "published"),
    ("mark_spam", "held", "spam"),
    ("remove", "published", "removed"),
    ("hide", "published", "hidden"),
]


@pytest.mark.parametrize(("action", "before", "after"), ACTIONS)
def test_moderator_decides_about_many_at_once(desk, action, before, after):
    comments = [make_comment(state=before) for _ in range(3)]
    removed = make_comment(state="removed")
    page = act(desk, action, *comments, removed)
    assert Comment.objects.filter(state=after).exclude(pk=removed.pk).count() == 3
    assert "3 comments " in page
    assert "1 left as before" in page


@pytest.mark.parametrize(("action", "before", "after"), ACTIONS)
def test_who_may_only_look_cannot_decide(looker, action, before, after):
    comment = make_comment(state=before)
    act(looker, action, comment)
    looker.post(f"{LIST}{comment.pk}/change/", form_data(**{f"_{action}": "1", "reply": "x"}))
    comment.refresh_from_db()
    assert comment.state == before
    assert Comment.objects.count() == 1
    assert f'name="_{action}"' not in change_page(looker, comment)


def test_nobody_from_outside_reaches_the_desk(client):
    comment = make_comment()
    for path in (LIST, f"{LIST}{comment.pk}/change/"):
        assert client.get(path).status_code == 302


@pytest.mark.parametrize(("action", "before", "after"), ACTIONS)
def test_button_on_the_comments_page_decides_and_returns_to_the_queue(desk, action, before, after):
    comment = make_comment(state=before)
    response = desk.post(f"{LIST}{comment.pk}/change/", form_data(**{f"_{action}": "1"}))
    comment.refresh_from_db()
    assert comment.state == after
    assert response["Location"] == LIST


@pytest.mark.parametrize("data", [{"_mark_spam": "1"}, {"reply": "Kept words."}])
def test_page_opened_before_a_colleagues_decision_decides_nothing(desk, data):
    comment = make_comment()
    Comment.objects.all().approve(by=make_moderator())
    stale = form_data(opened_as="held", **data)
    said = desk.post(f"{LIST}{comment.pk}/change/", stale).content.decode()
    comment.refresh_from_db()
    assert comment.is_public
    assert not comment.replies.exists()
    assert "it is published by now" in said
    assert data.get("reply", "") in said


def test_reply_as_staff_is_public_at_once_and_approves_what_waited(desk):
    comment = make_comment()
    desk.post(f"{LIST}{comment.pk}/change/", form_data(reply="Thank *you*."))
    comment.refresh_from_db()
    reply = Comment.objects.get(parent=comment)
    assert comment.is_public
    assert (reply.is_public, reply.is_staff) == (True, True)
    assert reply.body_html == "<p>Thank <em>you</em>.</p>"


@pytest.mark.parametrize("state", ["spam", "hidden", "removed"])
def test_reply_to_what_is_not_public_is_handed_back(desk, state):
    comment = make_comment(state=state)
    response = desk.post(f"{LIST}{comment.pk}/change/", form_data(reply="Kept words."))
    page = response.content.decode()
    assert "Approve this comment first" in page
    assert "Kept words." in page
    assert Comment.objects.count() == 1


@pytest.mark.parametrize("state", ["held", "published", "spam"])
@pytest.mark.parametrize("button", ["mark_spam", "hide", "remove"])
def test_other_decision_publishes_no_reply_and_hands_the_words_back(desk, button, state):
    comment = make_comment(state=state)
    data = form_data(reply="Half a <thought>.", **{f"_{button}": "1"})
    page = desk.post(f"{LIST}{comment.pk}/change/", data, follow=True).content.decode()
    comment.refresh_from_db()
    assert Comment.objects.count() == 1
    assert not (state == "held" and comment.is_public)
    assert "Your reply was not published" in page
    assert "Half a &lt;thought&gt;." in page


@pytest.mark.parametrize("button", ["mark_spam", "remove"])
def test_other_decision_stands_whatever_the_reply_box_holds(desk, button):
    comment = make_comment()
    desk.post(f"{LIST}{comment.pk}/change/", form_data(reply="x" * 9000, **{f"_{button}": "1"}))
    comment.refresh_from_db()
    assert comment.state == {"mark_spam": "spam", "remove": "removed"}[button]
    assert comment.decisions.count() == 1


@pytest.mark.parametrize("state", ["held", "spam", "hidden"])
def test_approving_with_a_reply_decides_first(desk, state):
    comment = make_comment(state=state)
    data = form_data(reply="Thank you.", _approve="1")
    page = desk.post(f"{LIST}{comment.pk}/change/", data, follow=True).content.decode()
    reply = Comment.objects.get(parent=comment)
    comment.refresh_from_db()
    assert (comment.is_public, reply.is_public) == (True, True)
    assert comment.decisions.count() == 1
    assert "1 comment published." in page
    assert "left as before" not in page


def test_readers_words_cannot_be_changed(desk):
    comment = make_comment()
    desk.post(f"{LIST}{comment.pk}/change/", form_data(body="Put in the mouth", name="X"))
    comment.refresh_from_db()
    assert comment.body == "A thought about probation."


def test_address_is_shown_only_to_who_may_see_it(client):
    comment = make_comment(email=CANARY)
    client.force_login(make_moderator("moderate_comment"))
    assert CANARY not in change_page(client, comment)
    client.force_login(make_moderator("view_commentcontact"))
    assert CANARY in change_page(client, comment)


def test_search_by_address_works_only_for_who_may_see_it(client):
    comment = make_comment(email=CANARY)
    client.force_login(make_moderator())
    assert shown(client, f"?q={CANARY.replace('+', '%2B')}") == []
    client.force_login(make_moderator("view_commentcontact"))
    assert shown(client, f"?q={CANARY.replace('+', '%2B')}") == [comment]


@pytest.mark.parametrize("words", ["Dora", "counterfactual", "Peterborough"])
def test_search_looks_at_name_text_and_title(desk, words):
    make_comment()
    comment = make_comment(
        name="Dora", body="No counterfactual.", post=make_post(title="After Peterborough")
    )
    assert shown(desk, f"?q={words}") == [comment]


def test_page_of_a_comment_shows_its_decisions(desk):
    comment = make_comment()
    act(desk, "approve", comment)
    assert comment.decisions.get().decided_by is not None
    assert change_page(desk, comment)


@pytest.mark.parametrize("state", ["held", "published", "hidden", "removed"])
def test_page_of_a_comment_offers_only_the_steps_that_are_open(desk, state):
    page = html.fromstring(desk.get(f"{LIST}{make_comment(state=state).pk}/change/").content)
    offered = [one for one in VERBS if page.xpath(f"//*[@name='_{one}']")]
    assert offered == steps_from(state)


def test_list_costs_the_same_queries_for_ten_and_for_a_hundred(desk):
    counts = []
    for more in (10, 90):
        for number in range(more):
            make_comment(email=f"reader-{number}@example.org")
        with CaptureQueriesContext(connection) as queries:
            desk.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 12


def form_data(**values: str) -> dict[str, str]:
    """Return a change form as sent, with the empty management form of the log."""
    return {"decisions-TOTAL_FORMS": "0", "decisions-INITIAL_FORMS": "0", "reply": "", **values}


def change_page(client: Client, comment: Comment) -> str:
    return client.get(f"{LIST}{comment.pk}/change/").content.decode()


def test_one_long_word_does_not_fill_the_desk():
    assert len(brief(">" * 4_900)) < 1_000
    assert brief("A short remark.") == "A short remark."
