"""Scoring a file of comments as the site would, without storing anything.

The file is taken for comments that arrived on one site: what stands in it without a link counts as
there before the same words with one. Nobody in it is a proven identity: nothing is published.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from comments import calibration, duplicates, lessons, limits, links, markup, spam
from comments.calibration import Lesson
from comments.labelled import BadLine, Entry, entries
from comments.rules import Rules
from comments.submissions import Piece, Training
from comments.tokens import URL, tokens_of

BATCH = 200  # lines judged with one query
KNOWN_SPAM = 200  # as many as the site compares with
MOST_PIECES = 1_000_000  # five words each, about 150 MB
VERDICTS = ("published", "held", "spam", "refused", "handed back")
_NAMES = {
    spam.Verdict.PUBLISH: "published", spam.Verdict.HOLD: "held", spam.Verdict.SPAM: "spam",
    spam.Verdict.REFUSE: "refused",
}  # fmt: skip


@dataclass
class Knowledge:
    """What a file is judged by besides its own lines. Without a training, the site's own is."""

    rules: Rules
    training: Training | None = None
    lessons: list[Lesson] = field(default_factory=list)
    spam_texts: list[str] = field(default_factory=list)
    pieces: dict[Piece, str] = field(default_factory=dict)  # to who wrote them

    def note_original(self, entry: Entry) -> None:
        """Remember the words of a comment without a link, of whom somebody may copy them."""
        if entry.is_spam and self.training is not None:
            return  # In a file to train with, spam is no original.
        if not self._advertises(entry) and len(self.pieces) < MOST_PIECES:
            for piece in duplicates.pieces_of(entry.body):
                self.pieces.setdefault(piece, entry.writer)

    def _advertises(self, entry: Entry) -> bool:
        """Return whether a comment has a link to what the list does not call a source."""
        if not URL.search(entry.body) and "<a " not in entry.body:
            return False
        submission = spam.Submission(entry.name, entry.body, markup.render(entry.body))
        named = links.hosts(submission)
        return not named or links.has_stranger(submission, self.rules)

    def known_pieces(self, entry: Entry) -> set[Piece]:
        """Return the pieces of a comment with a link that somebody else wrote without one."""
        if not self._advertises(entry):
            return set()
        own = duplicates.pieces_of(entry.body)
        return {piece for piece in own if self.pieces.get(piece, entry.writer) != entry.writer}


@dataclass(frozen=True)
class Scored:
    entry: Entry
    verdict: str
    reasons: list[dict[str, Any]]

    @property
    def score(self) -> int:
        return sum(reason["weight"] for reason in self.reasons)

    def as_json(self) -> dict[str, Any]:
        label = None if self.entry.is_spam is None else "spam" if self.entry.is_spam else "honest"
        return {"line": self.entry.line, "name": self.entry.name, "verdict": self.verdict,
                "score": self.score, "reasons": self.reasons, "label": label}  # fmt: skip


@dataclass
class Table:
    """How many of each label got each verdict."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, scored: Scored) -> None:
        label = "unlabelled" if scored.entry.is_spam is None else (
            "spam" if scored.entry.is_spam else "honest"
        )  # fmt: skip
        self.counts[label, scored.verdict] += 1

    def rows(self) -> Iterator[tuple[str, dict[str, int], int]]:
        """Yield (label, count by verdict, all) of the labels met."""
        for label in ("honest", "spam", "unlabelled"):
            row = {verdict: self.counts[label, verdict] for verdict in VERDICTS}
            if total := sum(row.values()):
                yield label, row, total

    def as_json(self) -> dict[str, Any]:
        return {
            label: {**row, "all": total, "percent": {
                verdict: round(100 * count / total, 1) for verdict, count in row.items()}}
            for label, row, total in self.rows()
        }  # fmt: skip


def learn_from(path: Path, knowledge: Knowledge) -> tuple[list[BadLine], int, int]:
    """Train on a labelled file, read twice; return its bad lines, and how many of each label."""
    bad = []
    knowledge.training = Training()
    for entry in entries(path, is_labelled=True):
        if isinstance(entry, BadLine):
            bad.append(entry)
        else:
            knowledge.note_original(entry)
    totals = Counter[bool]()
    for good in entries(path, is_labelled=True):
        if isinstance(good, BadLine):
            continue
        is_spam = bool(good.is_spam)
        totals[is_spam] += 1
        knowledge.lessons.append(_lesson(good, knowledge))
        if is_spam:
            knowledge.spam_texts = [*knowledge.spam_texts[-KNOWN_SPAM + 1 :], good.body]
    knowledge.training = _trained(knowledge)
    return bad, totals[True], totals[False]


def _lesson(entry: Entry, knowledge: Knowledge) -> Lesson:
    is_spam = bool(entry.is_spam)
    submission = _submission(entry, knowledge, Training())
    found = list(spam.findings(submission, knowledge.rules))
    reasons = spam.weigh(found, knowledge.rules).as_json()
    return lessons.lesson_of(entry.name, entry.body, reasons, is_spam=is_spam)


def _trained(knowledge: Knowledge) -> Training:
    counts: dict[str, tuple[int, int]] = {}
    totals = Counter(one.is_spam for one in knowledge.lessons)
    for one in knowledge.lessons:
        for token in one.tokens:
            in_spam, in_honest = counts.get(token, (0, 0))
            counts[token] = (in_spam + one.is_spam, in_honest + (not one.is_spam))
    training = Training(totals[True], totals[False], counts)
    latest = []
    for kind in (True, False):
        alike = [one for one in knowledge.lessons if one.is_spam is kind]
        latest += alike[-calibration.LOOKED_AT :]
    site = calibration.calibrate(latest, training, knowledge.rules)
    return replace(training, calibration=site)


def score(
    path: Path, knowledge: Knowledge, *, advance: Callable[[int], None] = lambda done: None
) -> Iterator[Scored | BadLine]:
    """Judge each line of a file, in its order. The file is read twice, a batch at a time."""
    for entry in entries(path):
        if isinstance(entry, Entry):
            knowledge.note_original(entry)
    if knowledge.training is not None:
        knowledge.training = _compared(knowledge.training, path)
    lines = entries(path)
    while batch := list(islice(lines, BATCH)):
        yield from _judged(batch, knowledge)
        advance(len(batch))


def _compared(training: Training, path: Path) -> Training:
    """Return the training with how far a file is of the kind it was trained with."""
    site = training.calibration
    arrivals = (
        calibration.Arrival(tokens_of(entry.name, entry.body))
        for entry in islice(entries(path), calibration.LOOKED_AT)
        if isinstance(entry, Entry)
    )
    alike = calibration.resemblance(arrivals, training.counts, usual=site.usual)
    return replace(training, calibration=replace(site, resemblance=alike))


def _judged(batch: Iterable[Entry | BadLine], knowledge: Knowledge) -> Iterator[Scored | BadLine]:
    good = [entry for entry in batch if isinstance(entry, Entry) and not _problems(entry)]
    training = knowledge.training or lessons.training_for([(one.name, one.body) for one in good])
    for entry in batch:
        if isinstance(entry, BadLine):
            yield entry
        elif problems := _problems(entry):
            found = [{"code": "limits", "weight": 0, "evidence": one} for one in problems]
            yield Scored(entry, "handed back", found)
        else:
            judgement = spam.judge(_submission(entry, knowledge, training), knowledge.rules)
            yield Scored(entry, _NAMES[spam.verdict(judgement.score)], judgement.as_json())


def _problems(entry: Entry) -> list[str]:
    """Return what the form would say of name and text."""
    name = limits.problems(entry.name, longest=limits.LONGEST_NAME, is_one_line=True)
    body = entry.body.replace("\r\n", "\n").replace("\r", "\n")
    return name + limits.problems(body, longest=limits.LONGEST_TEXT)


def _submission(entry: Entry, knowledge: Knowledge, training: Training) -> spam.Submission:
    return spam.Submission(
        name=entry.name,
        body=entry.body,
        body_html=markup.render(entry.body),
        spam_texts=tuple(knowledge.spam_texts),
        earlier_pieces=knowledge.known_pieces(entry),
        training=training,
    )
