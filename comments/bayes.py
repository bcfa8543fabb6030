"""Naive Bayes over the tokens of comments, as staff's decisions taught it: the pure part.

Robinson's smoothing and Fisher's way of combining (Gary Robinson, "A statistical approach to the
spam problem", Linux Journal 107, 2003), as SpamBayes has them: with few examples they say "unsure"
where the product of probabilities shouts.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from comments.submissions import Calibration, Finding, Submission, Training
from comments.tokens import COMMON, tokens_of

FEWEST = 50  # decisions of each kind, before anything is said
STRENGTH, UNKNOWN = 1.5, 0.5  # of the assumption, and what is assumed of a token never met
TELLING = 0.1  # Tokens nearer to "unsure" than this say nothing.
# The share of a text's own words that were met before. Taken by itself: from the first on it is
# strange no longer, from the second on fully known.
STRANGE, FAMILIAR = 0.4, 0.75
# Against what is usual among the decided: between these it becomes one of their kind.
OTHER_KIND, SAME_KIND = 0.3, 0.7
PRIOR = 4.0  # own words that are taken for usual, before any is looked at: short texts say little
HALF_KNOWN = 0.5  # the share of its certainty of spam that it keeps about strange texts
# What the other checks found in a text, as far as decisions may say what it means on this site.
# How a comment was sent is no part of it, nor what follows from decisions themselves.
SIGNS = frozenset(
    """links link-in-name hidden-target lookalike-host bare-link front-page named-host markup script
    html-link contact pitch self-promotion share-text product-name offer praise praise-link shouting
    foreign foreign-link words domains considered""".split()  # noqa: SIM905
)
MOST_TOKENS = 150
FEWEST_LINKS = 10  # in spam, before anything is said about links
TOP = 6  # words shown as evidence


class Pull(NamedTuple):
    """One token and its part: log odds, above zero towards spam."""

    token: str
    odds: float


def findings(submission: Submission, signs: Sequence[str] = ()) -> list[Finding]:
    """Return what past decisions say about a text and the signs (see `signs_of`) found in it."""
    if submission.training is None:
        return []
    return opinions([*tokens_of(submission.name, submission.body), *signs], submission.training)


def signs_of(found: Iterable[tuple[str, int]]) -> list[str]:
    """Return what these (code, weight) teach, as tokens: what speaks for a text is no sign."""
    listed = {"words", "domains"}
    return [f"~{code}" for code, weight in found
            if code in SIGNS and (weight > 0 or code not in listed)]  # fmt: skip


def opinions(tokens: Sequence[str], training: Training) -> list[Finding]:
    """Return how sure decisions are, from -1 (honest) to 1 (spam), and what to make of it.

    "bayes" is the certainty of words and signs together, with the tokens that pulled most;
    "wording" that of the words alone, "familiar" whether most words of the text were met, and
    "kind" how far it is of the kind decided about. What is nought is left out.
    Signs that mean spam there are not believed where it is not: what strange texts say is judged
    by their words, and by half.
    """
    if min(training.spam, training.honest) < FEWEST:
        return []
    met, own = known_words(tokens, training.counts)
    kind = _kind(met, own, training.calibration)
    pulls = pulls_of(tokens, training)
    words = certainty([one.odds for one in pulls_of(_wording(tokens, training), training)])
    sure = kind * certainty([one.odds for one in pulls])
    sure += (1 - kind) * (words * HALF_KNOWN if words > 0 else words)
    known = min(1.0, max(0.0, (met / own - STRANGE) / (FAMILIAR - STRANGE))) if own else 0.0
    found = [
        Finding("bayes", explain(pulls, sure), round(sure, 3)),
        Finding("wording", "", round(words, 2)),
        Finding("familiar", f"{met} of its {own} words", round(known, 2)),
        Finding("kind", "", round(kind, 2)),
    ]
    return [one for one in found if round(one.times, 2)]


def _kind(met: int, own: int, site: Calibration) -> float:
    """Return how far a text is of the kind decided about: as many of its words were met there.

    A classifier taught by one kind of text is sure about others too, for no reason: what it says
    about those is not to be believed as far.
    """
    share = (met + PRIOR * site.usual) / (own + PRIOR) / site.usual
    kind = (share - OTHER_KIND) / (SAME_KIND - OTHER_KIND)
    return min(1.0, max(0.0, kind)) * site.resemblance


def known_words(
    tokens: Sequence[str], counts: Mapping[str, tuple[int, int]], *, fewest: int = 1
) -> tuple[int, int]:
    """Return how many of a text's own words so many decided comments have, and how many it has."""
    own = [token for token in tokens if _is_telling(token)]
    return sum(sum(counts.get(token, (0, 0))) >= fewest for token in own), len(own)


def _wording(tokens: Sequence[str], training: Training) -> list[str]:
    """Return a text's words and form. Who says "on" in comments on videos says nothing here."""
    return [one for one in tokens if one.removeprefix("~") not in SIGNS
            and (one not in COMMON or not _pulls_to_spam(one, training))]  # fmt: skip


def link_share(training: Training) -> float:
    """Return how far decisions say that links are spam's: from 0 (honest have them too) to 1."""
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
