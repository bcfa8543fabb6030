"""What other weights or lists would have made of past comments: the question before saving them."""

from collections.abc import Iterator
from dataclasses import dataclass

from comments import links, phrasing, spam
from comments.models import Comment, ModerationDecision
from comments.rules import Rules
from comments.spam import Verdict
from comments.submissions import Finding, Submission

REPLAYED = 500  # decisions, the latest; each comment once
_OF_THE_LISTS = {"words", "domains", "offer", "links", "bare-link", "front-page", "named-host"}
_SEVERITY = [Verdict.PUBLISH, Verdict.HOLD, Verdict.SPAM, Verdict.REFUSE]
WORDS = {
    Verdict.PUBLISH: "published", Verdict.HOLD: "waiting", Verdict.SPAM: "spam",
    Verdict.REFUSE: "refused",
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One past decision, and what the pipeline would have said by the old and the new rules."""

    decision: ModerationDecision
    old_score: int
    new_score: int

    @property
    def before(self) -> str:
        return WORDS[spam.verdict(self.old_score)]

    @property
    def after(self) -> str:
        return WORDS[spam.verdict(self.new_score)]

    @property
    def is_stricter(self) -> bool:
        return self.new_score > self.old_score

    @property
    def is_wrong(self) -> bool:
        """Return whether staff had decided the other way."""
        lost = self.after in {"spam", "refused"}
        return lost == (self.decision.to_state == Comment.State.PUBLISHED)


@dataclass(frozen=True)
class Replay:
    changes: list[Change]
    replayed: int
    without_text: int

    @property
    def stricter(self) -> int:
        return sum(change.is_stricter for change in self.changes)

    @property
    def milder(self) -> int:
        return len(self.changes) - self.stricter

    @property
    def wrong(self) -> int:
        return sum(change.is_wrong for change in self.changes)


def replay(old: Rules, new: Rules) -> Replay:
    """Judge the latest decisions' comments by both rules; two queries, nothing changes.

    Where the text is still there the lists are matched anew. Where it is gone, what the log kept
    is weighed anew: a term that is new to the list cannot be found there.
    """
    changes, count, without_text = [], 0, 0
    for decision in _decisions():
        count += 1
        without_text += not _text_of(decision)
        change = Change(decision, _score(decision, old), _score(decision, new))
        if change.before != change.after:
            changes.append(change)
    return Replay(changes, count, without_text)


def _decisions() -> Iterator[ModerationDecision]:
    """Yield staff's latest decision about each comment that says spam or honest."""
    rows = ModerationDecision.objects.filter(
        decided_by__isnull=False, to_state__in=[Comment.State.PUBLISHED, Comment.State.SPAM]
    )
    rows = rows.select_related("comment", "comment__post").only(
        "to_state", "from_state", "reasons", "decided_at", "score", "comment__name",
        "comment__body", "comment__body_html", "comment__reasons", "comment__public_id",
        "comment__post__title",
    )  # fmt: skip
    seen: set[int] = set()
    for row in rows.order_by("-decided_at", "-pk")[:REPLAYED]:
        if row.comment_id is None or row.comment_id not in seen:
            seen.add(row.comment_id or 0)
            yield row


def _score(decision: ModerationDecision, rules: Rules) -> int:
    return spam.weigh(_findings(decision, rules), rules).score


def _findings(decision: ModerationDecision, rules: Rules) -> list[Finding]:
    if decision.comment is None or not _text_of(decision):
        return spam.restored(decision.reasons)
    submission = Submission(
        decision.comment.name, decision.comment.body, decision.comment.body_html
    )
    stored = [one for one in spam.restored(decision.comment.reasons)
              if one.code not in _OF_THE_LISTS]  # fmt: skip
    return [
        *stored,
        *links.many(submission, rules),
        *links.bare(submission, rules),
        *links.front_page(submission, rules),
        *links.named_host(submission, rules),
        *phrasing.listed_words(submission, rules),
        *phrasing.listed_domains(submission, rules),
    ]


def _text_of(decision: ModerationDecision) -> str:
    return decision.comment.body if decision.comment else ""
