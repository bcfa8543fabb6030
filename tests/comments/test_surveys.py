"""The site's own spam line: drawn from decisions, never above the usual one."""

from datetime import timedelta

import pytest
from django.utils import timezone

from comments import calibration, spam, surveys
from comments.calibration import Arrival, Lesson
from comments.models import Comment
from comments.records import SpamLine
from comments.rules import Rules
from comments.rulesets import RuleSet
from comments.submissions import Calibration, Finding, Training
from tests.comments.factories import make_comment
from tests.factories import make_staff

OFFER = "Subscribe to my channel for more songs about sofas"
TALK = "The hostel in our town was closed before the contract ended"


def lessons(*, honest_score: int = 0) -> list[Lesson]:
    taught = [Lesson(True, ["channel", "songs"], [Finding("pitch", "", 2)])] * 50
    scored = [Finding("front-page")] * (honest_score // 30)
    return taught + [Lesson(False, ["hostel", "contract"], scored)] * 50


def trained(rules: Rules, **values: int) -> Calibration:
    counts = dict.fromkeys(("channel", "songs", "~pitch"), (50, 0))
    counts |= dict.fromkeys(("hostel", "contract"), (0, 50))
    return calibration.calibrate(lessons(**values), Training(50, 50, counts), rules)


@pytest.mark.parametrize(
    ("honest_score", "weight", "line"),
    [
        (0, 25, 55),  # Nothing approved comes near: down as far as it may.
        (30, 25, 55),
        (60, 25, 80),
        (90, 25, 80),  # An approved comment scored that much: the usual line.
        (0, 10, 70),
        (0, 0, 80),  # Switched off.
    ],
)
def test_line_keeps_its_distance_from_what_was_approved(honest_score, weight, line):
    rules = Rules({**spam.default_rules().weights, "line": weight})
    site = trained(rules, honest_score=honest_score)
    assert site.line == line
    assert site.line == 80 or site.highest + calibration.MARGIN <= site.line


def test_line_stays_where_too_little_was_decided():
    few = calibration.calibrate(lessons()[:60], Training(50, 10, {}), spam.default_rules())
    assert few.line == spam.SPAM_FROM


@pytest.mark.parametrize(
    ("words", "expected"),
    [(["channel", "songs"], 1.0), (["probation", "magistrate"], 0.0), ([], 1.0)],
)
def test_arrivals_of_another_kind_are_told(words, expected):
    arrivals = [Arrival(words)] * 50
    counts = {"channel": (50, 0), "songs": (50, 0)}
    assert calibration.resemblance(arrivals, counts, usual=0.6) == expected


def test_what_is_between_the_lines_is_spam_with_the_reason_in_words():
    found = [
        Finding("pitch", "", 1.0), Finding("bayes", "", 0.85), Finding("wording", "", 0.7),
        Finding("kind", "", 0.6), Finding("line", "at 55 instead of 80", 55),
    ]  # fmt: skip
    lifted = spam.weigh(found, spam.default_rules())
    (reason,) = [one for one in lifted.reasons if one.code == "own-line"]
    assert (lifted.score, reason.evidence) == (80, "at 55 instead of 80")
    strange = [one for one in found if one.code != "kind"]
    assert spam.weigh(strange, spam.default_rules()).score < 80
    switched_off = Rules({**spam.default_rules().weights, "line": 0})
    assert spam.weigh(found, switched_off).score < 80


@pytest.mark.django_db
def test_line_is_drawn_once_after_each_change():
    now = timezone.now()
    assert surveys.draw_line(now)
    assert not surveys.draw_line(now)
    make_comment(created_at=now + timedelta(seconds=1))
    assert surveys.draw_line(now + timedelta(seconds=2))
    RuleSet(saved_at=now + timedelta(seconds=3)).save()
    assert surveys.draw_line(now + timedelta(seconds=4))
    assert SpamLine.objects.count() == 1


@pytest.mark.django_db
def test_decisions_of_staff_move_the_line():
    post = make_comment(body=TALK).post
    Comment.objects.bulk_create(
        Comment(post=post, name="A", body=f"{text} {number}", public_id=f"{text[0]}{number}",
                reasons=[{"code": "pitch", "weight": 50, "times": 2}] if text == OFFER else [])
        for text in (OFFER, TALK) for number in range(50)
    )  # fmt: skip
    Comment.objects.filter(body__startswith=OFFER).mark_spam(by=make_staff())
    Comment.objects.held().approve(by=make_staff())
    surveys.draw_line(timezone.now())
    line = SpamLine.current()
    assert (line.line, line.honest, line.resemblance) == (55, 51, 1.0)
