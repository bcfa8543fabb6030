"""What decisions teach: counted once, taken back exactly, and explained by words."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from comments import bayes, lessons, spam
from comments.lessons import Lesson, SpamToken
from comments.models import Comment
from comments.submissions import Calibration, Submission, Training
from tests.comments.factories import make_comment
from tests.factories import make_staff

pytestmark = pytest.mark.django_db


def known(*tokens: str) -> Training:
    return lessons.training_for([("", " ".join(tokens))])


def test_decisions_are_counted_by_token():
    make_comment(body="casino bonus")
    Comment.objects.all().mark_spam(by=make_staff())
    make_comment(body="probation bonus")
    Comment.objects.held().approve(by=make_staff())
    found = known("casino", "bonus", "probation")
    assert (found.spam, found.honest) == (1, 1)
    assert (found.counts["casino"], found.counts["bonus"]) == ((1, 0), (1, 1))


def test_decision_the_other_way_takes_the_first_lesson_back():
    make_comment(body="casino bonus")
    Comment.objects.all().mark_spam(by=make_staff())
    Comment.objects.all().approve(by=make_staff())
    found = known("casino")
    assert (found.spam, found.honest, found.counts["casino"]) == (0, 1, (0, 1))


def test_undone_decision_leaves_nothing_behind_even_when_the_text_was_edited():
    comment = make_comment(body="casino bonus")
    Comment.objects.all().mark_spam(by=make_staff())
    Comment.objects.update(body="Something else.")
    lessons.learn([comment.pk], to_state="held", by=make_staff())
    assert not SpamToken.objects.exists()
    assert not Lesson.objects.exists()


def test_same_decision_learnt_twice_counts_once():
    comment = make_comment(body="casino", state="spam")
    for _ in range(2):
        lessons.learn([comment.pk], to_state="spam", by=make_staff())
    assert known("casino").counts["casino"] == (1, 0)


def test_hiding_and_removing_leave_the_lesson_as_it_is():
    make_comment(body="probation")
    for verb in ("approve", "hide", "remove"):
        getattr(Comment.objects.all(), verb)(by=make_staff())
    assert known("probation").counts["probation"] == (0, 1)


def test_erasing_takes_the_words_out_again():
    make_comment(body="My neighbour Ermintrude said so.")
    Comment.objects.all().approve(by=make_staff())
    Comment.objects.all().erase()
    assert not SpamToken.objects.exists()


def test_what_nobody_decided_teaches_nothing():
    make_comment(body="casino")
    Comment.objects.all().file_as_spam()
    assert not SpamToken.objects.exists()


def test_no_address_number_or_name_is_among_the_tokens():
    body = "Write to eve@example.org or ring +44 7700 900123, it costs £2,345 or 67 dollars."
    make_comment(name="Ermintrude", body=body)
    Comment.objects.all().mark_spam(by=make_staff())
    tokens = " ".join(SpamToken.objects.values_list("token", flat=True))
    assert {"~email", "~phone", "~money"} <= set(tokens.split())
    for private in ("eve", "example", "7700", "345", "67", "ermintrude"):
        assert private not in tokens


def test_copied_words_teach_only_their_form():
    reasons = [{"code": "copied", "weight": 90, "evidence": ""}]
    make_comment(body="Probation is slow. https://sofas.test", reasons=reasons)
    Comment.objects.all().mark_spam(by=make_staff())
    assert "probation" not in known("probation").counts
    assert SpamToken.objects.filter(token="~host sofas.test").exists()


def test_five_hundred_decisions_learn_in_few_statements():
    post = make_comment().post
    Comment.objects.bulk_create(
        Comment(post=post, name="A", body=f"Text {number} of casino", public_id=f"x{number}")
        for number in range(500)
    )
    with CaptureQueriesContext(connection) as captured:
        Comment.objects.all().mark_spam(by=make_staff())
    assert len(captured) <= 20
    assert known("casino").counts["casino"] == (500, 0)


def test_classifier_keeps_silent_below_fifty_of_each():
    training = Training(50, 49, {"casino": (50, 0)})
    assert bayes.findings(Submission("", "casino", "", training=training)) == []


def test_classifier_names_the_words_that_pulled_and_stays_within_its_weight():
    training = Training(50, 50, {"casino": (50, 0), "bonus": (40, 0), "probation": (0, 50)})
    text = "casino bonus casino bonus"
    (reason,) = [
        one for one in spam.judge(Submission("", text, text, training=training)).reasons
        if one.code == "bayes"
    ]  # fmt: skip
    assert 20 <= reason.weight <= 25
    assert reason.evidence.startswith("casino +")
    assert "bonus +" in reason.evidence
    assert "probation" not in reason.evidence


def test_classifier_alone_never_makes_spam():
    counts = dict.fromkeys(["one", "two", "three", "four"], (50, 0))
    training = Training(50, 50, counts, Calibration(line=55))
    judgement = spam.judge(Submission("", "One two three four", "", training=training))
    assert spam.verdict(judgement.score) is spam.Verdict.HOLD


def test_decisions_on_other_texts_are_believed_by_half():
    counts = {"subscribe": (50, 0), "channel": (40, 0), "video": (20, 20)}
    known = Training(50, 50, counts)
    strange = "newsletter probation hostel magistrate tribunal curfew sentence recall custody "
    strange += "parole governor wing chaplain estate"
    near, far = (
        {one.code: one.times for one in bayes.findings(Submission("", text, "", training=known))}
        for text in ("subscribe channel video", f"subscribe {strange}")
    )
    assert near["bayes"] == pytest.approx(2 * far["bayes"], rel=0.2)
    assert near["familiar"] == 1
    assert "familiar" not in far


def test_signs_are_learnt_beside_the_words():
    reasons = [
        {"code": code, "weight": 20, "evidence": ""} for code in ("front-page", "haste", "history")
    ]
    make_comment(body="sofas", reasons=reasons)
    Comment.objects.all().mark_spam(by=make_staff())
    taught = set(SpamToken.objects.values_list("token", flat=True))
    assert "~front-page" in taught
    assert not taught & {"~haste", "~history"}
