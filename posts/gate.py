"""The publish gate: what stops a post, what is worth a second look; the same at every door.

The form, the bulk action, the schedule and an import ask here, so that none of them forgets a rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from posts.models import Post
from posts.rules import RULES, Candidate, Rule
from posts.strictness import GateRule, Level


@dataclass(frozen=True)
class Result:
    """What one rule said: no message is a tick."""

    rule: Rule
    level: str
    messages: Sequence[str]


@dataclass(frozen=True)
class Findings:
    """What the rules said of a post, in the order of the rules."""

    results: Sequence[Result]

    @property
    def blocking(self) -> list[str]:
        return self._messages(Level.BLOCK)

    @property
    def warnings(self) -> list[str]:
        return self._messages(Level.WARN)

    def _messages(self, level: str) -> list[str]:
        return [
            text for result in self.results if result.level == level for text in result.messages
        ]


class StoppedError(Exception):
    """The gate stopped the post; `findings.blocking` says why. Nothing was changed."""

    def __init__(self, findings: Findings) -> None:
        super().__init__(" ".join(findings.blocking))
        self.findings = findings


@dataclass(frozen=True)
class Passed:
    """The post went through; `is_new` unless it was out already and its date stayed."""

    is_new: bool
    warnings: list[str]


def examine(
    post: Post, *, has_tags: bool | None = None, levels: Mapping[str, str] | None = None
) -> Findings:
    """Return what the gate finds in the post, saved or not.

    Three queries at most: the links within the site, and unless the caller knows them the levels
    and whether there are tags. Changes nothing, and asks no other site anything.
    """
    if has_tags is None:
        has_tags = bool(post.pk) and post.tags.exists()
    candidate = Candidate(post, has_tags)
    levels = GateRule.levels() if levels is None else levels
    asked = [(rule, levels.get(rule.name, rule.level)) for rule in RULES]
    return Findings(
        [Result(rule, level, list(rule.check(candidate)))
         for rule, level in asked if level != Level.OFF]
    )  # fmt: skip


def publish(
    post: Post,
    *,
    now: datetime,
    at: datetime | None = None,
    levels: Mapping[str, str] | None = None,
) -> Passed:
    """Publish or schedule the post if nothing blocking is found; its tags are saved before.

    Without `at` it goes out at its own time, or now. Raises StoppedError. What is examined is the
    row as it is under its lock. Who publishes many reads the levels once for all of them.
    """
    with transaction.atomic():
        post.lock()
        post.refresh_from_db()
        findings = examine(post, levels=levels)
        if findings.blocking and not post.is_published(now):
            raise StoppedError(findings)
        return Passed(post.publish(at=at or post.goes_out_at(now)), findings.warnings)
