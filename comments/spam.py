"""How much a submission looks like spam: the checks in their order, the score, the verdict.

Limits come first and are the form's business: what breaks one is handed back to its writer. The
checks never refuse alone; their weights add up to a score, and the score gives the verdict.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from comments import bayes, duplicates, links, phrasing, restraint, selling
from comments.limits import LONGEST_NAME, LONGEST_TEXT, problems
from comments.rules import Rules
from comments.submissions import (
    Calibration,
    Finding,
    Reason,
    Record,
    Submission,
    Training,
)

__all__ = [
    "LONGEST_NAME", "LONGEST_TEXT", "Judgement", "Reason", "Record", "Submission", "Training",
    "Verdict", "judge", "problems", "verdict",
]  # fmt: skip

TRUSTED_BELOW, SPAM_FROM, REFUSED_FROM = 20, 80, 140
# Evidence that is ours, not the reader's: terms of the lists, counts, kinds.
HARMLESS = {
    "words", "domains", "rate", "links", "haste", "unsigned", "offer", "copied", "history", "pitch",
    "named-host", "familiar", "considered", "line",
}  # fmt: skip
BORROWED = {"copied", "known-spam", "front-page", "named-host", "link-in-name", "markup", "script"}
LISTED = {"words", "domains"}
# Signs of promotion in the form of a text; its subject is none.
PROMOTION = {
    "links", "link-in-name", "hidden-target", "lookalike-host", "front-page", "named-host",
    "bare-link", "markup", "contact", "pitch", "self-promotion", "product-name",
    "offer", "praise-link", "foreign-link",
    "domains", "known-spam", "copied", "share-text",
}  # fmt: skip
SELLING = PROMOTION - {"pitch"}  # Of these each shows what there is to gain; a pitch is words.
# Where links lead. However many: what is nothing but links is for a person to look at.
LINKS = {
    "links", "hidden-target", "lookalike-host", "front-page", "named-host", "bare-link",
    "html-link", "domains",
}  # fmt: skip
ADDED = {"together", "links-only", "nothing-sold", "own-line"}  # Follow from the other reasons.
MUTE = {"link", "familiar", "kind", "wording", "line"}  # Signs that weigh nothing by themselves.
FEWEST_SIGNS = 15  # points of those
ENOUGH = 40  # points of signs, and
ENOUGH_KNOWN = 15  # where most of its words were met, and
ENOUGH_OF_KIND = 25  # where it is of the kind decided about, and
DEAR = 15  # points from which a listed term is a phrase and no subject
LINK = 15  # points of a link, as far as decisions say that links are spam's
STRANGE = 0.3  # the share of belief where it is not
UNSIGNED = 0.4  # the share where nothing but the words says so
SURE = 0.3  # this much certainty of the words: from there on strange texts are believed in full
WORDED = (-0.2, 0.4)  # the certainty of the words alone, where they begin to agree and do in full
LINE_SURE = 0.8  # the certainty from which the site's own line counts


class Verdict(Enum):
    PUBLISH = "publish"
    HOLD = "hold"
    SPAM = "spam"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Judgement:
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> int:
        return sum(reason.weight for reason in self.reasons)

    def as_json(self) -> list[dict[str, object]]:
        return [asdict(reason) for reason in self.reasons]


@lru_cache(maxsize=1)
def default_rules() -> Rules:
    return Rules()


def judge(submission: Submission, rules: Rules | None = None) -> Judgement:
    """Return every reason that applies; nothing is looked up and nothing is changed."""
    rules = rules or default_rules()
    return weigh(findings(submission, rules), rules)


def verdict(score: int, *, is_trusted: bool = False) -> Verdict:
    """Return what follows from a score. Only a proven identity is ever published at once."""
    if score >= REFUSED_FROM:
        return Verdict.REFUSE
    if score >= SPAM_FROM:
        return Verdict.SPAM
    return Verdict.PUBLISH if is_trusted and score < TRUSTED_BELOW else Verdict.HOLD


def kept(reasons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what the moderation log keeps of reasons for years: no word and host of a reader's."""
    return [
        {**reason, "evidence": reason.get("evidence", "") if reason["code"] in HARMLESS else ""}
        for reason in reasons
    ]


def restored(reasons: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Return the findings behind reasons that were stored as JSON."""
    return [
        Finding(reason["code"], reason.get("evidence", ""), reason.get("times", 1.0))
        for reason in reasons
    ]


def findings(submission: Submission, rules: Rules) -> Iterator[Finding]:
    """Yield what each phase finds, in the order of the phases."""
    found = list(_untaught(submission, rules))
    yield from found
    yield from _taught(submission, found, rules)


def _untaught(submission: Submission, rules: Rules) -> Iterator[Finding]:
    yield from _sending(submission)
    yield from duplicates.repeated(submission)
    yield from duplicates.known_spam(submission)
    yield from duplicates.copied(submission)
    yield from links.many(submission, rules)
    for check in (links.in_name, links.hidden_target, links.lookalike_host, links.markup):
        yield from check(submission)
    yield from links.bare(submission, rules)
    yield from links.front_page(submission, rules)
    yield from links.named_host(submission, rules)
    yield from phrasing.listed_words(submission, rules)
    yield from phrasing.listed_domains(submission, rules)
    for check in (phrasing.solicitation, phrasing.product_name, phrasing.praise,
                  phrasing.share_text, phrasing.considered, phrasing.shouting,
                  phrasing.foreign, selling.pitch, selling.self_promotion):  # fmt: skip
        yield from check(submission)
    yield from _history(submission)


def _taught(submission: Submission, found: list[Finding], rules: Rules) -> Iterator[Finding]:
    """Yield what past decisions say about a text in which all this was found."""
    training = submission.training
    signs = bayes.signs_of((one.code, _reason(one, rules).weight) for one in found)
    taught = bayes.findings(submission, signs)
    yield from taught
    if training is None or not any(one.code == "bayes" and one.times > 0 for one in taught):
        return
    if (share := bayes.link_share(training)) and links.has_stranger(submission, rules):
        yield Finding("link", "to a host nobody vouched for", share)
    if training.calibration.line < SPAM_FROM:
        yield line_of(training.calibration)


def line_of(site: Calibration) -> Finding:
    said = f"at {site.line} instead of {SPAM_FROM}: none of {site.honest} approved comments scored"
    return Finding("line", f"{said} above {site.highest}", site.line)


def weigh(found: Iterable[Finding], rules: Rules) -> Judgement:
    """Give each finding its weight under these rules: also findings that were kept for years."""
    reasons = [_reason(finding, rules) for finding in found if finding.code not in ADDED]
    if any(reason.code in BORROWED for reason in reasons):  # Another's words vouch for nobody.
        reasons = [one for one in reasons if one.code != "bayes" or one.weight > 0]
    agreed = _agreement(reasons, rules)
    if not TRUSTED_BELOW <= _sum(reasons) + (agreed.weight if agreed else 0) < SPAM_FROM:
        reasons = [one for one in reasons if one.code != "work"]  # Asked of the doubtful alone.
    reasons = [reason for reason in reasons if reason.weight or reason.code in MUTE]
    return Judgement((*reasons, *filter(None, (agreed, _last(reasons, agreed, rules)))))


def _last(reasons: list[Reason], agreed: Reason | None, rules: Rules) -> Reason | None:
    """Return what moves the score over or under the line, when all else is said."""
    if agreed is None:
        return restraint.links_only(reasons, SPAM_FROM, links=LINKS)
    lifted = _own_line(reasons, agreed, rules)
    return lifted or restraint.nothing_sold(reasons, agreed, SPAM_FROM, selling=SELLING)


def _reason(finding: Finding, rules: Rules) -> Reason:
    if finding.code in MUTE:
        weight = 0
    elif finding.code in LISTED:
        weight = rules.points_of(finding.code, finding.evidence)
    else:
        weight = round(rules.weights.get(finding.code, 0) * finding.times)
    return Reason(finding.code, weight, finding.evidence, finding.times)


def _sum(reasons: list[Reason]) -> int:
    """Return the score without what a proof of work takes off it."""
    return sum(reason.weight for reason in reasons if reason.code != "work")


def _agreement(reasons: list[Reason], rules: Rules) -> Reason | None:
    """Return what it adds that the classifier and signs it does not know say the same.

    Either alone is a doubt: people write about casinos, and fifty examples teach little. Both
    together are what the moderators would say. Words of the list speak only beside a sign of
    promotion: the subject of a comment is none.
    """
    sure, wording = (max(0.0, _times(reasons, code)) for code in ("bayes", "wording"))
    shown = max(0, sum(one.weight for one in reasons if one.code in PROMOTION))
    strange, signs = STRANGE * min(1.0, shown / ENOUGH), _signs(reasons, rules)
    met = _times(reasons, "familiar")
    worded = min(1.0, wording * max(met, bayes.HALF_KNOWN) / SURE)
    known = met * min(1.0, signs / ENOUGH_KNOWN)
    part = max(worded * max(strange, known), sure**2 * _trust(reasons, signs))
    weight = round(rules.weights["together"] * part)
    return (
        Reason("together", weight, "the signs and past decisions agree", part) if weight else None
    )


def _signs(reasons: list[Reason], rules: Rules) -> int:
    """Return the points of promotion, and of what is some where decisions say the same."""
    shown = max(0, sum(one.weight for one in reasons if one.code in PROMOTION))
    return shown + sum(_phrases(one, rules) for one in reasons)


def _trust(reasons: list[Reason], signs: int) -> float:
    """Return how far past decisions may speak about this text, from 0 to 1.

    In full where it is of their kind, shows signs of promotion, and says by its words alone what
    words and signs say together.
    """
    shown = UNSIGNED + (1 - UNSIGNED) * min(1.0, signs / ENOUGH_OF_KIND)
    agreed = (_times(reasons, "wording") - WORDED[0]) / (WORDED[1] - WORDED[0])
    return _times(reasons, "kind") * shown * min(1.0, max(0.0, agreed))


def _times(reasons: list[Reason], code: str) -> float:
    return next((one.times for one in reasons if one.code == code), 0.0)


def _own_line(reasons: list[Reason], agreed: Reason, rules: Rules) -> Reason | None:
    """Return what lifts a score to the verdict where this site's own line is lower.

    The line comes down as far as decisions may speak about the text, so that one of another kind
    is measured by the usual line.
    """
    line = next((one for one in reasons if one.code == "line"), None)
    if line is None or _times(reasons, "bayes") < LINE_SURE:
        return None
    lower = min(rules.weights["line"], SPAM_FROM - line.times) * _trust(
        reasons, _signs(reasons, rules)
    )
    score = sum(one.weight for one in (*reasons, agreed))
    if not SPAM_FROM - lower <= score < SPAM_FROM:
        return None
    return Reason("own-line", SPAM_FROM - score, line.evidence, line.times)


def _phrases(reason: Reason, rules: Rules) -> int:
    """Return the points of what is not promotion yet, but is where decisions say the same."""
    if reason.code == "words":  # Cheap terms are subjects, dear ones are phrases.
        points = (rules.words.get(term, 0) for term in reason.evidence.split(", "))
        return sum(one for one in points if one >= DEAR)
    return round(LINK * reason.times) if reason.code == "link" else 0


def _sending(submission: Submission) -> Iterator[Finding]:
    """Yield what the way of sending says. The trap is a weight: some browsers fill every field."""
    if submission.is_trapped:
        yield Finding("trap")
    if submission.is_hasty:
        yield Finding("haste", "within three seconds")
    if submission.is_unsigned:
        yield Finding("unsigned", "no signed form")
    if submission.crowded:
        yield Finding("rate", ", ".join(submission.crowded))
    if submission.is_proven_work:
        yield Finding("work", "proof of work")


def _history(submission: Submission) -> Iterator[Finding]:
    """Weigh a proven identity's past: five approved are the most trust, two rejected none."""
    record = submission.record
    if record is None or not record.approved + record.rejected:
        return
    share = min(1.0, record.rejected / 2) - min(1.0, record.approved / 5)
    evidence = f"{record.approved} approved, {record.rejected} rejected"
    yield Finding("history", evidence, round(max(-1.0, min(1.0, share)), 2))
