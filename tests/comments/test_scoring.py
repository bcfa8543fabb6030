"""`score_comments`: the bars on labelled comments, the report, and files that are not right."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from comments.models import Comment
from tests.comments.splits import OWN, judged, own_lines, shares

pytestmark = pytest.mark.django_db


def test_honest_comments_are_never_lost_and_nine_in_ten_spam_are_caught(tmp_path):
    caught, lost, public = shares(judged(own_lines(), tmp_path, seed=1))
    assert (lost, public) == (0, 0)
    assert caught >= 0.9


def test_no_honest_comment_is_lost_before_anything_was_learnt(tmp_path):
    report = scored(tmp_path, OWN[0].read_text())
    assert report["table"]["honest"]["held"] == len(OWN[0].read_text().splitlines())


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("{nonsense", "not JSON"),
        ("[1]", "not an object"),
        ('{"body": ["x"]}', "“body” is not a text"),
        ('{"name": 7, "body": "x"}', "“name” is not a text"),
        ('{"name": "A"}', "no “body”"),
        ('{"body": " "}', "no “body”"),
        ('{"body": "x", "label": "maybe"}', "“label” is none of"),
        ('{"body": "x", "label": [1]}', "“label” is none of"),
        ("[" * 100_000, "not JSON"),
        ('{"body": "' + "x" * 1_000_001 + '"}', "longer than"),
        ("\xff", "not UTF-8"),
    ],
)
def test_bad_line_is_named_and_the_others_are_judged(tmp_path, line, problem):
    report = scored(tmp_path, f'{{"body": "Good."}}\n\n{line}\n{{"body": "Better."}}')
    assert [one["line"] for one in report["comments"]] == [1, 4]
    assert [one["line"] for one in report["bad_lines"]] == [3]
    assert problem in report["bad_lines"][0]["problem"]


@pytest.mark.parametrize(
    ("label", "row"),
    [(0, "honest"), (1, "spam"), (False, "honest"), (True, "spam"), ("ham", "honest"),
     ("honest", "honest"), ("SPAM", "spam"), ("1", "spam"), ("false", "honest"),
     (None, "unlabelled")],
)  # fmt: skip
def test_labels_of_other_people_are_understood(tmp_path, label, row):
    report = scored(tmp_path, json.dumps({"body": "Words.", "label": label}))
    assert list(report["table"]) == [row]


def test_each_reason_has_weight_and_evidence(tmp_path):
    body = "Free spins for new players at http://192.0.2.7/ now"
    (one,) = scored(tmp_path, json.dumps({"name": "Online Casino", "body": body}))["comments"]
    by_code = {reason["code"]: reason for reason in one["reasons"]}
    assert by_code["hidden-target"]["evidence"] == "192.0.2.7"
    assert "free spins" in by_code["words"]["evidence"]
    assert one["score"] == sum(reason["weight"] for reason in one["reasons"])
    assert one["verdict"] == "refused"


@pytest.mark.parametrize("body", ["x" * 5_001, "nul \x00", "lone \ud800", "z" + "\u0301" * 9])
def test_what_the_form_hands_back_is_said_so(tmp_path, body):
    (one,) = scored(tmp_path, json.dumps({"body": body}))["comments"]
    assert one["verdict"] == "handed back"


def test_copy_of_a_later_line_with_a_link_is_spam(tmp_path):
    text = "Surely the simplest measure is whether the person has a home on the night of release."
    lines = [
        {"name": "Eve", "body": f"{text} https://sofas.test"},
        {"name": "Norman", "body": text},
    ]
    report = scored(tmp_path, "\n".join(map(json.dumps, lines)))
    assert [one["verdict"] for one in report["comments"]] == ["spam", "held"]


def test_another_weight_can_be_tried(tmp_path):
    line = json.dumps({"body": "See [this](http://a.test) and [that](http://b.test) report."})
    assert scored(tmp_path, line, weight=["links=80"])["comments"][0]["verdict"] == "spam"


@pytest.mark.parametrize(
    "options", [{"weight": ["nonsense=1"]}, {"weight": ["links=x"]}, {"words": Path("/none")}]
)
def test_what_cannot_be_tried_is_said(tmp_path, options):
    with pytest.raises(CommandError, match=r"CODE=POINTS|cannot be used"):
        scored(tmp_path, '{"body": "x"}', **options)


def test_report_in_words_has_verdicts_and_the_table(tmp_path):
    path, out = tmp_path / "some.jsonl", StringIO()
    path.write_text('{"body": "Thank you.", "label": 0}\n{"body": "x"', encoding="utf-8")
    said = StringIO()
    call_command("score_comments", str(path), stdout=out, stderr=said)
    assert "held" in out.getvalue()
    assert "1 (100.0 %)" in out.getvalue()
    assert "some.jsonl, line 2: not JSON" in said.getvalue()


def test_nothing_is_stored(tmp_path):
    scored(tmp_path, '{"body": "Words."}')
    assert not Comment.objects.exists()


def scored(folder: Path, text: str, **options: object) -> dict[str, Any]:
    path, out = folder / "file.jsonl", StringIO()
    path.write_bytes(text.encode("utf-8").replace("ÿ".encode(), b"\xff"))
    call_command("score_comments", str(path), json=True, stdout=out, stderr=StringIO(), **options)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report
