"""Taking a decision back: what returns, what stays, for how long, and whose it is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from comments import undoing
from comments.models import Comment, ModerationDecision
from comments.states import STEPS, UNDONE
from tests.comments.factories import make_comment
from tests.factories import make_staff

pytestmark = pytest.mark.django_db
NOW = timezone.now()
VERBS = {"published": "approve", "spam": "mark_spam", "hidden": "hide", "removed": "remove"}
MOVES = [(before, to) for to in UNDONE for before in STEPS[to]]


def decide(to: str, *comments: Comment, by, now=NOW) -> None:
    rows = Comment.objects.filter(pk__in=[comment.pk for comment in comments])
    assert getattr(rows, VERBS[to])(by=by, now=now) == len(comments)


def states() -> list[str]:
    return sorted(Comment.objects.values_list("state", flat=True))


@pytest.mark.parametrize(("before", "to"), MOVES)
def test_undo_leads_back_to_where_each_comment_came_from(before, to):
    staff, comment = make_staff(), make_comment(state=before)
    decide(to, comment, by=staff)
    assert undoing.undo(by=staff, decided_at=NOW, now=NOW + timedelta(minutes=9)) == 1
    assert states() == [before]
    line = ModerationDecision.objects.get(is_undo=True)
    assert (line.from_state, line.to_state, line.decided_by) == (to, before, staff)


def test_a_bulk_decision_is_undone_each_to_its_own_state():
    staff = make_staff()
    comments = [make_comment(state=state) for state in ("held", "spam", "hidden", "published")]
    decide("removed", *comments, by=staff)
    assert undoing.undo(by=staff, decided_at=NOW, now=NOW + timedelta(seconds=1)) == 4
    assert states() == ["held", "hidden", "published", "spam"]


def test_undo_ends_after_ten_minutes():
    staff, comment = make_staff(), make_comment()
    decide("spam", comment, by=staff)
    later = NOW + undoing.WITHIN
    assert undoing.last(staff, later) is None
    assert undoing.undo(by=staff, decided_at=NOW, now=later) == 0
    assert states() == ["spam"]


def test_a_decision_is_undone_once_and_by_who_made_it():
    staff, other, comment = make_staff(), make_staff(), make_comment()
    decide("published", comment, by=staff)
    soon = NOW + timedelta(seconds=5)
    assert undoing.undo(by=other, decided_at=NOW, now=soon) == 0
    assert undoing.undo(by=staff, decided_at=NOW, now=soon) == 1
    assert undoing.undo(by=staff, decided_at=NOW, now=soon) == 0
    assert undoing.last(staff, soon) is None, "an undo is not undone"


def test_what_somebody_decided_since_stays():
    staff, other = make_staff(), make_staff()
    first, second = make_comment(), make_comment()
    decide("published", first, second, by=staff)
    decide("spam", first, by=other, now=NOW + timedelta(seconds=1))
    assert undoing.undo(by=staff, decided_at=NOW, now=NOW + timedelta(seconds=2)) == 1
    assert states() == ["held", "spam"]


def test_the_verdict_before_has_its_author_again():
    first, second, comment = make_staff(), make_staff(), make_comment()
    decide("spam", comment, by=first)
    later = NOW + timedelta(seconds=1)
    decide("published", comment, by=second, now=later)
    undoing.undo(by=second, decided_at=later, now=NOW + timedelta(seconds=2))
    comment.refresh_from_db()
    assert (comment.state, comment.decided_by) == ("spam", first)


def test_what_was_erased_does_not_come_back():
    staff, comment = make_staff(), make_comment()
    Comment.objects.filter(pk=comment.pk).erase(by=staff, now=NOW)
    assert undoing.undo(by=staff, decided_at=NOW, now=NOW) == 0
    assert states() == ["erased"]


@pytest.mark.parametrize("number", [3, 30])
def test_undo_costs_the_same_statements_for_any_number(number, django_assert_num_queries):
    staff, post = make_staff(), make_comment().post
    comments = [make_comment(post=post) for _ in range(number)]
    decide("spam", *comments, by=staff)
    with django_assert_num_queries(13):  # Two of them a savepoint's, seven to unlearn.
        assert undoing.undo(by=staff, decided_at=NOW, now=NOW) == number


def test_undoing_an_approval_takes_ones_own_answer_from_the_page():
    staff, other, comment = make_staff(), make_staff(), make_comment()
    decide("published", comment, by=staff)
    comment.refresh_from_db()
    mine = comment.reply(by=staff, body="An answer.", now=NOW)
    theirs = comment.reply(by=other, body="Another.", now=NOW)
    soon = NOW + timedelta(seconds=5)
    assert undoing.undo(by=staff, decided_at=NOW, now=soon) == 1
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, mine.body, theirs.state) == ("hidden", "An answer.", "published")
    assert undoing.last(staff, soon) is None
