"""The checks: code, weight and evidence of each; the limits; the verdicts."""

from typing import Any

import pytest

from comments import markup, spam
from comments.spam import Verdict

LONG = "Payment by results needs a counterfactual, and nobody has shown me one for this scheme."


def judged(body: str = "Honest words.", name: str = "Ben", **values: Any) -> dict[str, int]:
    submission = spam.Submission(name, body, markup.render(body), **values)
    return {reason.code: reason.weight for reason in spam.judge(submission).reasons}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, {}),
        ({"is_trapped": True}, {"trap": 50}),
        ({"is_hasty": True}, {"haste": 30}),
        ({"is_unsigned": True}, {"unsigned": 40}),
        ({"crowded": ("network",)}, {"rate": 40}),
        ({"body": "There is one at http://a.test only."}, {}),
        ({"body": "As they say in http://a.test, http://b.test and http://c.test"}, {"links": 30}),
        ({"body": "The report is at http://192.0.2.7/x"}, {"hidden-target": 30}),
        ({"body": "The report is at http://3232235777/x"}, {"hidden-target": 30}),
        ({"body": "The report is at https://www.bit.ly/x"}, {"hidden-target": 30}),
        ({"body": "The report is at http://\u0430pple.com"}, {"lookalike-host": 30}),
        ({"body": "The report is at http://münchen.test"}, {}),
        ({"name": "http://pills.test"}, {"link-in-name": 60}),
        ({"name": "www.pills.test"}, {"link-in-name": 60}),
        ({"name": "cheap-pills.com"}, {"link-in-name": 60}),
        ({"name": "Dr. A. O'Neill-Smith"}, {}),
        ({"body": LONG, "own_texts": (LONG.upper() + " ",)}, {"repeated": 40}),
        ({"body": LONG, "spam_texts": (LONG.replace("me", "us"),)}, {"known-spam": 80}),
        ({"body": LONG, "spam_texts": ("Something else altogether, at length.",)}, {}),
        ({"body": "Thank you!", "own_texts": ("Thank you.",)}, {}),
        ({"body": "Thank you!", "own_texts": ("thank  YOU!",)}, {"repeated": 40}),
    ],
)
def test_check_gives_its_weight(values, expected):
    assert judged(**values) == expected


@pytest.mark.parametrize(
    ("score", "is_trusted", "expected"),
    [
        (0, False, Verdict.HOLD),
        (0, True, Verdict.PUBLISH),
        (19, True, Verdict.PUBLISH),
        (20, True, Verdict.HOLD),
        (79, True, Verdict.HOLD),
        (80, True, Verdict.SPAM),
        (139, False, Verdict.SPAM),
        (140, False, Verdict.REFUSE),
    ],
)
def test_verdict_follows_from_the_score(score, is_trusted, expected):
    assert spam.verdict(score, is_trusted=is_trusted) is expected


@pytest.mark.parametrize(
    ("text", "is_one_line", "problem"),
    [
        ("x" * 5_000, False, None),
        ("x" * 5_001, False, "Shorten"),
        ("damaged \ufffd", False, "damaged"),
        ("lone \ud800", False, "damaged"),
        ("two\nlines\tand tab", False, None),
        ("two\nlines", True, "invisible"),
        ("nul \x00", False, "invisible"),
        ("bell \x07", False, "invisible"),
        ("override \u202e", False, "invisible"),
        ("isolate \u2066", False, "invisible"),
        ("no character \uffff", False, "invisible"),
        ("שָׁלוֹם, tiếng Việt, नमस्ते", False, None),
        ("z" + "\u0301\u0302\u0303\u0304\u0305", False, "accents"),
        ("👩\u200d🚒 and \u200f a mark", False, None),
    ],
)
def test_limits_say_what_to_change(text, is_one_line, problem):
    found = spam.problems(text, longest=5_000, is_one_line=is_one_line)
    assert bool(found) == bool(problem)
    assert not problem or problem in found[0]


def test_reasons_are_kept_as_plain_json():
    judgement = spam.judge(spam.Submission("Ben", "x", "<p>x</p>", is_trapped=True))
    assert judgement.as_json() == [{"code": "trap", "weight": 50, "evidence": "", "times": 1.0}]


def test_comparing_with_two_hundred_long_texts_is_fast():
    texts = tuple(f"{number} " + LONG * 60 for number in range(200))
    assert judged(body="1 " + LONG * 50, spam_texts=texts) == {"known-spam": 80}
