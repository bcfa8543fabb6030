"""Comments: states, levels, the public words, and what Postgres refuses."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from comments.models import Comment, ModerationDecision, NotPublicError
from posts.models import Author
from tests.comments.factories import make_comment, published
from tests.factories import make_post, make_staff

pytestmark = pytest.mark.django_db
STATES = [state.value for state in Comment.State]
ALLOWED = {
    "approve": {"held", "spam", "hidden"},
    "mark_spam": {"held", "published", "hidden"},
    "hide": {"published"},
    "remove": {"held", "spam", "published", "hidden"},
    "erase": {"held", "spam", "published", "hidden", "removed"},
}
LEADS_TO = {"approve": "published", "mark_spam": "spam", "hide": "hidden",
            "remove": "removed", "erase": "erased"}  # fmt: skip


def in_state(state: str) -> Comment:
    blank = {"name": "", "body": ""} if state == "erased" else {}
    return make_comment(state=state, **blank)


@pytest.mark.parametrize("state", STATES)
def test_public_word_and_its_twin_agree(state):
    comment = in_state(state)
    assert (
        Comment.objects.published().contains(comment) == comment.is_public == (state == "published")
    )


@pytest.mark.parametrize("verb", ALLOWED)
@pytest.mark.parametrize("state", STATES)
def test_each_verb_moves_only_from_its_states(verb, state):
    comment = in_state(state)
    changed = getattr(Comment.objects.filter(pk=comment.pk), verb)(by=make_staff())
    comment.refresh_from_db()
    assert changed == (state in ALLOWED[verb])
    assert comment.state == (LEADS_TO[verb] if changed else state)


def test_second_approval_changes_nothing_and_logs_nothing():
    comment, staff = make_comment(), make_staff()
    assert Comment.objects.all().approve(by=staff) == 1
    assert Comment.objects.all().approve(by=staff) == 0
    assert ModerationDecision.objects.filter(comment=comment).count() == 1


def test_decision_names_who_and_when_on_comment_and_log():
    staff, now = make_staff(), timezone.now()
    comment = make_comment(score=15, reasons=[{"code": "links", "weight": 15, "evidence": "x"}])
    Comment.objects.all().approve(by=staff, now=now)
    comment.refresh_from_db()
    line = ModerationDecision.objects.get()
    assert (comment.decided_by, comment.decided_at) == (staff, now)
    assert (line.from_state, line.to_state, line.decided_by) == ("held", "published", staff)
    assert line.score == 15
    assert [(one["code"], one["weight"]) for one in line.reasons] == [("links", 15)]


def test_log_line_outlives_its_comment():
    make_comment()
    Comment.objects.all().mark_spam(by=make_staff())
    Comment.objects.all().delete()
    assert ModerationDecision.objects.get().comment is None


def test_erasing_leaves_neither_name_nor_words():
    comment = published(submission_key="k")
    Comment.objects.all().erase()
    comment.refresh_from_db()
    assert comment.name == comment.body == comment.body_html == comment.submission_key == ""


def test_answer_to_the_third_level_joins_it():
    first = published()
    second = published(parent=first)
    third = published(parent=second)
    fourth = published(parent=third)
    assert [first.depth, second.depth, third.depth, fourth.depth] == [0, 1, 2, 2]
    assert fourth.parent == second


def test_public_ids_are_opaque_and_differ():
    ids = {make_comment().public_id for _ in range(3)}
    assert len(ids) == 3
    assert all(len(public_id) == 12 for public_id in ids)


@pytest.mark.parametrize("state", ["held", "spam", "hidden", "removed", "erased"])
def test_unpublished_comment_without_answers_is_not_in_the_thread(state):
    comment = in_state(state)
    assert list(Comment.objects.public_for(comment.post)) == []


def test_removed_comment_stays_in_the_thread_while_an_answer_is_public():
    first = published()
    second = published(parent=first)
    third = published(parent=second)
    Comment.objects.filter(pk__in=[first.pk, second.pk]).remove(by=make_staff())
    assert list(Comment.objects.public_for(first.post)) == [first, second, third]
    Comment.objects.filter(pk=third.pk).remove(by=make_staff())
    assert list(Comment.objects.public_for(first.post)) == []


def test_thread_holds_only_its_own_post():
    published()
    other = published()
    assert list(Comment.objects.public_for(other.post)) == [other]


def test_waiting_count_counts_the_held():
    for state in ["held", "held", "spam", "published"]:
        make_comment(state=state)
    assert Comment.objects.waiting_count() == 2


def test_staff_reply_is_public_at_once_under_the_byline():
    staff = make_staff(username="log-in-name")
    Author.objects.create(name="Rose Editor", slug="rose", user=staff)
    reply = published().reply(by=staff, body="Thank *you*.")
    assert reply.is_public
    assert (reply.name, reply.is_staff, reply.user) == ("Rose Editor", True, staff)
    assert reply.body_html == "<p>Thank <em>you</em>.</p>"


def test_staff_reply_never_shows_the_log_in_name():
    reply = published().reply(by=make_staff(username="log-in-name"), body="Thanks.")
    assert "log-in-name" not in reply.name


def test_comment_that_waits_cannot_be_answered():
    with pytest.raises(NotPublicError):
        make_comment().reply(by=make_staff(), body="Too early.")


def test_post_is_deleted_with_its_whole_thread():
    reply = published(parent=published())
    reply.post.delete()
    assert not Comment.objects.exists()


BROKEN: list[tuple[str, dict[str, Any]]] = [
    ("comments_comment_state_known", {"state": "approved"}),
    ("comments_comment_three_levels", {"depth": 1}),
    ("comments_comment_says_something", {"name": ""}),
    ("comments_comment_says_something", {"body": ""}),
    ("comments_comment_erased_is_empty", {"state": "erased"}),
    ("comments_comment_user_is_staff", {"user_id": "staff"}),
    ("comments_comment_decided_when", {"decided_by_id": "staff"}),
    ("comments_comment_not_own_parent", {"parent_id": "own", "depth": 1}),
]


@pytest.mark.parametrize(("rule", "values"), BROKEN)
def test_postgres_keeps_the_rule(rule, values):
    comment = make_comment()
    known = {"staff": make_staff().pk, "own": comment.pk}
    values = {name: known.get(value, value) for name, value in values.items()}
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        Comment.objects.filter(pk=comment.pk).update(**values)


def test_postgres_refuses_one_submission_twice():
    make_comment(submission_key="same")
    with pytest.raises(IntegrityError, match="submitted_once"), transaction.atomic():
        make_comment(submission_key="same")


def test_postgres_refuses_a_parent_on_another_post():
    parent = published()
    with connection.cursor() as cursor:  # Deferred to the commit, which a test never reaches.
        cursor.execute("SET CONSTRAINTS comments_comment_parent_same_post IMMEDIATE")
    with pytest.raises(IntegrityError, match="parent_same_post"), transaction.atomic():
        make_comment(post=make_post(), parent=parent)


@pytest.mark.parametrize("state", [state for state in STATES if state != "erased"])
def test_postgres_lets_nothing_come_back_from_erased(state):
    comment = in_state("erased")
    with pytest.raises(IntegrityError, match="erased_is_final"), transaction.atomic():
        Comment.objects.filter(pk=comment.pk).update(state=state, name="A", body="B")


def test_postgres_refuses_an_answer_that_is_not_one_level_down():
    root = published()
    first, second = published(parent=root), published(parent=root)
    with connection.cursor() as cursor:  # Deferred to the commit, which a test never reaches.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for values in ({"depth": 2}, {"parent": second}):
        with pytest.raises(IntegrityError, match="below_parent"), transaction.atomic():
            Comment.objects.filter(pk=first.pk).update(**values)


def test_postgres_lets_no_thread_bite_its_tail():
    root = published()
    child = published(parent=root)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="below_parent"), transaction.atomic():
        Comment.objects.filter(pk=root.pk).update(parent=child, depth=2)
