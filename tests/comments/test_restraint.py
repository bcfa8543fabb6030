"""What waits for a person although its score says spam."""

import pytest

from comments import spam
from comments.submissions import Finding

WORDS = Finding("words", "rss feed, subscri*", 1.0)
SAID_BEFORE = [Finding("wording", "", 0.6), Finding("familiar", "", 1.0), Finding("kind", "", 1.0)]


def judged(*found: Finding, sure: float = 0.6) -> spam.Judgement:
    return spam.weigh([*found, Finding("bayes", "feed +4", sure), *SAID_BEFORE],
                      spam.default_rules())  # fmt: skip


@pytest.mark.parametrize(
    ("found", "sure", "is_spam"),
    [
        ([WORDS], 0.6, False),  # "Do you have an RSS feed? I'd rather not subscribe by email."
        ([WORDS], 0.9, True),
        ([WORDS, Finding("contact", "telephone", 1.0)], 0.6, True),
        ([WORDS, Finding("front-page", "shop.example", 1.0)], 0.6, True),
    ],
    ids=["sells nothing", "but decisions are certain", "to be called", "to be visited"],
)
def test_agreement_alone_does_not_condemn_what_sells_nothing(found, sure, is_spam):
    judgement = judged(*found, sure=sure)
    assert (judgement.score >= spam.SPAM_FROM) is is_spam
    assert any(one.code == "nothing-sold" for one in judgement.reasons) is not is_spam


def test_nothing_but_links_waits_for_a_person():
    found = [Finding("links", "4 links", 3), Finding("front-page", "a.example", 2.0),
             Finding("bare-link", "", 1.0)]  # fmt: skip
    judgement = spam.weigh(found, spam.default_rules())
    assert judgement.score == spam.SPAM_FROM - 1
    assert judgement.reasons[-1].code == "links-only"
