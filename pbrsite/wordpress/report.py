"""What became of each item of an export: counts and reasons in memory, the items in a file."""

import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

CREATED, UPDATED, UNCHANGED, SKIPPED = OUTCOMES = ("created", "updated", "unchanged", "skipped")
EXAMPLES = 3
IN_MEMORY = 250_000  # bytes of item lines before they go to a file


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one item ended. `notes` are (reason, what it was about); a skipped one has a reason."""

    kind: str
    key: str
    outcome: str
    label: str = ""
    reason: str = ""
    notes: Iterable[tuple[str, str]] = ()


@dataclass
class Report:
    """Outcomes of a whole import, of any size: what it keeps in memory does not grow with it."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)
    mended: Counter[str] = field(default_factory=Counter)
    site: str = ""
    is_rehearsal: bool = False
    _lines: IO[str] = field(
        default_factory=lambda: tempfile.SpooledTemporaryFile(  # noqa: SIM115 (closed below)
            IN_MEMORY, "w+", encoding="utf-8"
        )
    )

    def add(self, found: Outcome) -> None:
        self.counts[found.kind, found.outcome] += 1
        if found.reason:
            self.reasons[found.kind, found.reason] += 1
            self._example(found.reason, found.label)
        for reason, about in found.notes:
            self.notes[reason] += 1
            self._example(reason, about or found.label)
        self._lines.write(json.dumps(_as_json(found)) + "\n")

    def of(self, kind: str, outcome: str) -> int:
        return self.counts[kind, outcome]

    @property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys(kind for kind, _ in self.counts))

    @property
    def has_changes(self) -> bool:
        return any(self.counts[kind, done] for kind in self.kinds for done in (CREATED, UPDATED))

    def items(self) -> Iterator[dict[str, Any]]:
        """Yield each item as added, in order."""
        self._lines.seek(0)
        for line in self._lines:
            yield json.loads(line)

    def summary(self) -> dict[str, Any]:
        """Return everything but the single items."""
        return {
            "site": self.site,
            "dry_run": self.is_rehearsal,
            "counts": {kind: {done: self.counts[kind, done] for done in OUTCOMES}
                       for kind in self.kinds},
            "reasons": [{"kind": kind, "reason": reason, "count": number}
                        for (kind, reason), number in self.reasons.most_common()],
            "notes": [{"note": note, "count": number, "examples": self.examples.get(note, [])}
                      for note, number in self.notes.most_common()],
            "mended": dict(self.mended),
        }  # fmt: skip

    def close(self) -> None:
        self._lines.close()

    def _example(self, reason: str, label: str) -> None:
        some = self.examples.setdefault(reason, [])
        if label and len(some) < EXAMPLES and label not in some:
            some.append(label)


def _as_json(found: Outcome) -> dict[str, Any]:
    line: dict[str, Any] = {"kind": found.kind, "key": found.key, "outcome": found.outcome}
    if found.label:
        line["label"] = found.label
    if found.reason:
        line["reason"] = found.reason
    if notes := list(found.notes):
        line["notes"] = [{"note": note, "about": about} for note, about in notes]
    return line
