"""Where a site's own spam line may stand, by the decisions that were made there: the pure part.

Each decided comment is scored as if it alone had not been decided about (leave-one-out), so that
the scores say what the classifier does with texts it does not know. The line goes down to where
no approved comment comes near it, and never above the usual one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from comments import bayes, spam
from comments.rules import Rules
from comments.submissions import Calibration, Finding, Training

MARGIN = 20  # points between the highest approved comment and the line
LOOKED_AT = 500  # decided comments of each kind, the latest
LINKED = "~link"
# What arrives is of another kind when it knows fewer of the decided comments' words than they know
# of each other's: up to the first share of that nothing is believed, from the second on all. Two
# halves of one set stand between 0.85 and 1.2, sets of different kinds between 0.15 and 0.85.
OTHER_KIND, SAME_KIND = 0.75, 0.9
PRIOR_WORDS = 40.0  # words that are taken for usual, before any arrive


class Lesson(NamedTuple):
    """One decided comment: its tokens with the signs, and what was found in its text."""

    is_spam: bool
    tokens: Sequence[str]
    findings: Sequence[Finding]


class Arrival(NamedTuple):
    tokens: Sequence[str]
    is_decided: bool = False


def calibrate(lessons: Sequence[Lesson], training: Training, rules: Rules) -> Calibration:
    """Return where the line stands; `training` counts at least the lessons' tokens.

    The usual line where too little was decided. About half a millisecond a lesson.
    """
    site = replace(training.calibration, line=spam.SPAM_FROM, highest=0, honest=0)
    if min(training.spam, training.honest) < bayes.FEWEST:
        return site
    known = [bayes.known_words(one.tokens, training.counts, fewest=2) for one in lessons]
    met, own = (sum(column) for column in zip(*known, strict=True)) if known else (0, 0)
    site = replace(site, usual=round(max(0.05, met / own), 3) if own else site.usual)
    training = replace(training, calibration=replace(site, resemblance=1.0))
    honest = [_score(one, training, rules) for one in lessons if not one.is_spam]
    if len(honest) < bayes.FEWEST:
        return site
    lowest = spam.SPAM_FROM - rules.weights["line"]
    line = min(spam.SPAM_FROM, max(lowest, max(honest) + MARGIN))
    return replace(site, line=line, highest=max(honest), honest=len(honest))


def resemblance(
    arrivals: Iterable[Arrival], counts: Mapping[str, tuple[int, int]], *, usual: float
) -> float:
    """Return how far what arrives is of the kind decided about, from 0 to 1.

    What was decided itself is known only where another decided comment has the word.
    """
    met = own = 0
    for one in arrivals:
        knows, has = bayes.known_words(one.tokens, counts, fewest=2 if one.is_decided else 1)
        met, own = met + knows, own + has
    share = (met + PRIOR_WORDS * usual) / (own + PRIOR_WORDS) / usual
    return round(min(1.0, max(0.0, (share - OTHER_KIND) / (SAME_KIND - OTHER_KIND))), 2)


def _score(one: Lesson, training: Training, rules: Rules) -> int:
    """Return what a comment would have scored, had it not been decided about."""
    without = replace(
        training,
        spam=training.spam - one.is_spam,
        honest=training.honest - (not one.is_spam),
        counts={token: _less(training.counts.get(token, (0, 0)), one) for token in one.tokens},
    )
    found = [*one.findings, *_opinions(one, training, without)]
    return spam.weigh(found, rules).score


def _opinions(one: Lesson, training: Training, without: Training) -> list[Finding]:
    # One decision less may be one too few to speak; that is no reason to keep silent here.
    least = replace(without, spam=max(without.spam, bayes.FEWEST),
                    honest=max(without.honest, bayes.FEWEST))  # fmt: skip
    found = bayes.opinions(one.tokens, least)
    if LINKED in one.tokens and (share := bayes.link_share(training)):
        found.append(Finding("link", "", share))
    return found


def _less(counts: tuple[int, int], one: Lesson) -> tuple[int, int]:
    spam_count, honest = counts
    return max(0, spam_count - one.is_spam), max(0, honest - (not one.is_spam))
