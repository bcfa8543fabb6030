"""The reasons of a score in words."""

import pytest

from comments.reasons import in_words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ({"code": "links", "weight": 15, "evidence": "2 links"}, "links: 2 links, +15"),
        ({"code": "haste", "weight": 30}, "sent at once, +30"),
        ({"code": "history", "weight": -20, "evidence": ""},
         "earlier comments of the same person, −20"),
        ({"code": "a-new_phase", "weight": 5, "evidence": ["one", {"two": 2}]},
         "a new phase: one, two 2, +5"),
        ({}, ", +0"),
    ],
)  # fmt: skip
def test_a_reason_reads_as_words_with_evidence_and_weight(reason, words):
    assert in_words(reason) == words
