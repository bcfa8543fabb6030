"""The labelled comments in halves, scored: for the bars and for the benchmark's table."""

import csv
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from comments import scoring, spam
from comments.scoring import Knowledge, Scored

OWN = [Path(__file__).parent / "labelled" / f"{name}.jsonl" for name in ("honest", "spam")]
CHECKING = [
    Path(__file__).parent / "labelled" / f"checking_{half}_{label}.jsonl"
    for half in ("opened", "unopened") for label in ("honest", "spam")
]  # fmt: skip
LEARNT = 50  # of each label: a hundred decisions


class Line(NamedTuple):
    text: str
    is_spam: bool


def own_lines(paths: Sequence[Path] = OWN) -> list[Line]:
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return [_line(json.loads(line)) for text in texts for line in text.splitlines()]


def shared_lines(path: Path) -> list[Line]:
    """Return the comments of one of the video files (UCI YouTube Spam Collection)."""
    with path.open(encoding="utf-8") as file:
        return [
            _line({"name": row["AUTHOR"], "body": row["CONTENT"], "label": int(row["CLASS"])})
            for row in csv.DictReader(file)
        ]


def _line(data: dict[str, object]) -> Line:
    return Line(json.dumps(data), bool(data["label"]))


def judged(
    lines: list[Line], folder: Path, *, seed: int, taught_by: list[Line] | None = None
) -> list[Scored]:
    """Learn from fifty of each label, drawn by the seed, and judge all the others.

    `taught_by` are lines of another set to learn from; an empty one teaches nothing.
    """
    rng = random.Random(seed)  # noqa: S311 (no secret)
    pool = lines if taught_by is None else taught_by
    mixed = rng.sample(pool, len(pool))
    learnt = [line for kind in (True, False)
              for line in [one for one in mixed if one.is_spam is kind][:LEARNT]]  # fmt: skip
    train, check = folder / f"train-{seed}.jsonl", folder / f"check-{seed}.jsonl"
    train.write_text("\n".join(line.text for line in learnt))
    check.write_text("\n".join(line.text for line in lines if line not in set(learnt)))
    knowledge = Knowledge(spam.default_rules())
    scoring.learn_from(train, knowledge)
    return list(_good(scoring.score(check, knowledge)))


def shares(found: list[Scored]) -> tuple[float, int, int]:
    """Return the share of spam caught, and how many honest comments were lost, spam published."""
    caught = [one.verdict in {"spam", "refused"} for one in found if one.entry.is_spam]
    lost = sum(one.verdict in {"spam", "refused"} for one in found if not one.entry.is_spam)
    public = sum(one.verdict == "published" for one in found if one.entry.is_spam)
    return sum(caught) / len(caught), lost, public


def _good(found: Iterator[object]) -> Iterator[Scored]:
    return (one for one in found if isinstance(one, Scored))
