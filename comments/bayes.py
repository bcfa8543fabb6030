"""Naive Bayes over the tokens of comments, as staff's decisions taught it: the pure part.

Robinson's smoothing and Fisher's way of combining (Gary Robinson, "A statistical approach to the
spam problem", Linux Journal 107, 2003), as SpamBayes has them: with few examples they say "unsure"
where the product of probabilities shouts.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from comments.submissions import Finding, Submission, Training
from comments.tokens import COMMON, tokens_of

FEWEST = 50  # decisions of each kind, before anything is said
STRENGTH, UNKNOWN = 1.5, 0.5  # of the assumption, and what is assumed of a token never met
TELLING = 0.1  # Tokens nearer to "unsure" than this say nothing.
# The share of a text's words (those everybody uses apart) that were met before: from the first on
# it is strange no longer, from the second on fully of the kind decided about.
STRANGE, FAMILIAR = 0.4, 0.75
HALF_KNOWN = 0.5  # the share of its certainty of spam that it keeps about strange texts
MOST_TOKENS = 150
FEWEST_LINKS = 10  # in spam, before anything is said about links
TOP = 6  # words shown as evidence


class Pull(NamedTuple):
    """One token and its part: log odds, above zero towards spam."""

    token: str
    odds: float


def findings(submission: Submission) -> list[Finding]:
    """Return how sure it is, from -1 (honest) to 1 (spam), with the words that pulled most."""
    training = submission.training
    if training is None or min(training.spam, training.honest) < FEWEST:
        return []
    tokens = tokens_of(submission.name, submission.body)
    known = max([0.0, *(one.times for one in familiar(submission))])
    if known < 1:  # Who says "on" in fifty comments on videos says nothing here.
        tokens = [one for one in tokens if one not in COMMON or not _pulls_to_spam(one, training)]
    pulls = pulls_of(tokens, training)
    sure = certainty([pull.odds for pull in pulls])
    if sure > 0:
        sure *= max(known, HALF_KNOWN)
    if not round(sure, 2):
        return []
    return [Finding("bayes", explain(pulls, sure), round(sure, 3))]


def familiar(submission: Submission) -> list[Finding]:
    """Return whether the text is of the kind decided about: most of its own words were met there.

    A classifier taught by one kind of text is sure about others too, for no reason: what it says
    about those is not to be believed as far.
    """
    training = submission.training
    if training is None or min(training.spam, training.honest) < FEWEST:
        return []
    own = [token for token in tokens_of(submission.name, submission.body) if _is_telling(token)]
    met = sum(sum(training.counts.get(token, (0, 0))) > 0 for token in own)
    if not own or met <= STRANGE * len(own):
        return []
    part = (met / len(own) - STRANGE) / (FAMILIAR - STRANGE)
    return [Finding("familiar", f"{met} of its {len(own)} words", round(min(1.0, part), 2))]


def link_share(submission: Submission) -> float:
    """Return how far decisions say that links are spam's: from 0 (honest have them too) to 1."""
    training = submission.training or Training()
    spam, honest = training.counts.get("~link", (0, 0))
    in_spam, in_honest = spam / max(1, training.spam), honest / max(1, training.honest)
    share = in_spam / (in_spam + in_honest) if spam >= FEWEST_LINKS else 0.0
    return round(min(1.0, max(0.0, (share - 0.7) / 0.2)), 2)


def _pulls_to_spam(token: str, training: Training) -> bool:
    spam, honest = training.counts.get(token, (0, 0))
    return spam * training.honest > honest * training.spam


def _is_telling(token: str) -> bool:
    if token.startswith("~"):
        return False
    return token.replace("'", "").isalpha() and token not in COMMON


def pulls_of(tokens: Sequence[str], training: Training) -> list[Pull]:
    """Return the telling tokens, the strongest first."""
    found = []
    for token in tokens:
        spam, honest = training.counts.get(token, (0, 0))
        if not spam + honest:
            continue
        in_spam, in_honest = spam / training.spam, honest / training.honest
        chance = in_spam / (in_spam + in_honest)
        seen = spam + honest
        chance = (STRENGTH * UNKNOWN + seen * chance) / (STRENGTH + seen)
        if abs(chance - UNKNOWN) >= TELLING:
            found.append(Pull(token, math.log(chance / (1 - chance))))
    return sorted(found, key=lambda pull: (-abs(pull.odds), pull.token))[:MOST_TOKENS]


def certainty(odds: Sequence[float]) -> float:
    """Return Fisher's indicator of these log odds, from -1 to 1; 0 is "unsure"."""
    if not odds:
        return 0.0
    # ln p and ln (1 - p) of each token.
    spam = _inverse_chi2(2 * sum(math.log1p(math.exp(-one)) for one in odds), len(odds))
    honest = _inverse_chi2(2 * sum(math.log1p(math.exp(one)) for one in odds), len(odds))
    return spam - honest


def explain(pulls: Sequence[Pull], sure: float) -> str:
    """Return the strongest words in the direction of the whole, each with its pull in decibans."""
    towards = [pull for pull in pulls if (pull.odds > 0) == (sure > 0)][:TOP]
    return ", ".join(f"{pull.token} {10 * pull.odds / math.log(10):+.0f}" for pull in towards)


def _inverse_chi2(chi2: float, pairs: int) -> float:
    """Return the chance of at least this chi-square with twice `pairs` degrees of freedom."""
    half = chi2 / 2
    term = total = math.exp(-half) if half < 700 else 0.0
    for index in range(1, pairs):
        term *= half / index
        total += term
    return min(total, 1.0)
