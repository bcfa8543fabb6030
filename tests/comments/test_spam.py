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
        ({"body": "There is one at http://a.test/2020/one only."}, {}),
        (
            {"body": "As they say in http://a.test/1/a, http://b.test/1/b and http://c.test/1/c"},
            {"links": 30},
        ),
        ({"body": "The report is at http://192.0.2.7/x"}, {"hidden-target": 30}),
        ({"body": "The report is at http://3232235777/x"}, {"hidden-target": 30}),
        ({"body": "The report is at https://www.bit.ly/x"}, {"hidden-target": 30}),
        ({"body": "The report is at http://\u0430pple.com/1/a"}, {"lookalike-host": 30}),
        ({"body": "The report is at http://münchen.test/1/a"}, {}),
        ({"body": "There is one at http://a.test/quote only."}, {"front-page": 30}),
        ({"body": "One is at http://casino.test/2020/one only."}, {"named-host": 30}),
        (
            {"body": "There is one at http://anne.test, I think.", "name": "Anne"},
            {"front-page": 30, "named-host": 30},
        ),
        ({"body": "The committee says so at https://www.parliament.uk/"}, {"domains": -10}),
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
    ("record", "weight"),
    [
        (spam.Record(), None),
        (spam.Record(approved=1), -4),
        (spam.Record(approved=5), -20),
        (spam.Record(approved=500), -20),
        (spam.Record(rejected=1), 10),
        (spam.Record(rejected=9), 20),
        (spam.Record(approved=5, rejected=2), None),
    ],
)
def test_history_weighs_within_its_bounds(record, weight):
    assert judged(record=record).get("history") == weight


SIGNS = [
    ("Ring me", "Call us now on +44 7700 900123 for a quote", {"contact"}),
    ("Jo", "Write to jo@example.org if you have the paper.", {"contact"}),
    ("Best SEO Agency", "A thought about it.", {"product-name"}),
    ("Jess", "Great article! Keep up the good work! https://jess.test", {"praise-link"}),
    ("Ann", "Great article, thank you.", {"praise"}),
    ("Ann", "[url=https://x.test]x[/url] is what they said about it", {"markup"}),
    ("Ann", '<a href="https://x.test">the report</a> has the numbers', {"html-link"}),
    ("Иван", "Лучшие цены на окна и двери в Москве", {"foreign"}),
    ("Ann", "THIS IS AN OUTRAGE AND EVERYBODY KNOWS", {"shouting"}),
    ("Ann", "https://x.test/page", {"bare-link"}),
    ("Ann", "2,345,678 people and 1.234.567 cases in 2010-2020", set()),
    ("Furious in Fleetwood", "Lies! Crap article. Shame on you!!", set()),
]


@pytest.mark.parametrize(("name", "body", "codes"), SIGNS)
def test_sign_is_found_in_the_text(name, body, codes):
    found = set(judged(body, name)) - {"words", "offer"}
    assert codes <= found
    assert bool(codes) or not found


def test_nothing_but_links_waits_for_a_person_however_many():
    body = " ".join(f"https://site{number}.test" for number in range(12))
    assert sum(judged(body).values()) == spam.SPAM_FROM - 1


@pytest.mark.parametrize(
    ("body", "moves"),
    [
        ("Order now, 20% off your first order, guaranteed.", 3),
        ("We offer the best prices in town, call us today.", 3),
        ("The contract was 20% off its target, and nobody is guaranteed anything.", 1),
        ("They work from home two days a week. Has anybody a copy?", 0),
    ],
)
def test_pitch_counts_its_moves_after_the_first(body, moves):
    assert judged(body).get("pitch", 0) == 25 * moves


@pytest.mark.parametrize(
    ("body", "is_found"),
    [
        ("please subscribe to my channel", True),
        ("Check out this song", True),
        ("How do I subscribe to the newsletter?", False),
        ("Please unsubscribe me, I get two copies.", False),
        ("Check out this report", False),
        ("Let me know if the page works", False),
    ],
)
def test_self_promotion_asks_for_attention_to_ones_own(body, is_found):
    assert ("self-promotion" in judged(body)) is is_found


def test_whole_sentences_and_official_sources_speak_for_a_comment():
    assert judged(f"{LONG} " * 5) == {"considered": -15}
    source = "See https://www.gov.uk/government/statistics and https://www.nao.org.uk/reports/x"
    assert judged(source) == {"domains": -15}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<script>alert(1)</script>", "script"),
        ("<img src=x onerror=alert(1)> hello", "script"),
        ("Your page shows <script> in its title.", "markup"),
    ],
)
def test_script_is_told_from_a_report_of_one(body, code):
    assert code in judged(body)


def test_quoting_the_post_with_a_link_is_no_copy():
    text = "The department paid for outcomes that nobody had measured before the contracts began."
    quoted = f"> {text}\n\nThis is the part that matters, see https://audit.test/report for why."
    assert "copied" not in judged(quoted, post_text=text)
    assert "copied" in judged(f"{text} https://sofas.test", post_text=text)


def test_spam_with_a_link_does_not_condemn_the_same_words_without():
    assert judged(LONG, spam_texts=(f"{LONG} https://a.test",)) == {}


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
