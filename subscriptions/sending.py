"""The sender: claims deliveries, hands them over one by one, and writes down what became of each.

One commit per message closes the last attempt and opens the next, before the first byte of MAIL. So
when a process dies, exactly the message in flight is uncertain; its delivery becomes `unknown`.
"""

import logging
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from subscriptions import couriers, ledger
from subscriptions.couriers import Courier, Outcome, RelayUnavailable
from subscriptions.ledger import Attempt, Claim, Closing
from subscriptions.message import Pattern
from subscriptions.models import Delivery, Edition, Issue

logger = logging.getLogger(__name__)

BATCH = 100
RETRY_AFTER_MINUTES = (1, 5, 15, 60, 240)
PATTERNS_KEPT = 64
BUSY_ENOUGH = 2  # times in a row that the relay asks for patience
FAILURES_IN_A_ROW = 20
POLICY_REFUSALS = 5  # at least, and more than 2 % of the attempts
POLICY_SHARE = 0.02

Clock = Callable[[], datetime]


@dataclass
class Health:
    """How one issue fares with the relay: what the ledger holds, and what this sender adds.

    Of deliveries, not of attempts: the same person refused again tells nothing new.
    """

    attempted: int
    on_our_account: set[int]
    in_a_row: set[int]

    @classmethod
    def of(cls, issue_id: int) -> "Health":
        """Take over what earlier senders met: a fresh count for each would lose people to each."""
        found = ledger.standing(issue_id)
        return cls(
            found.attempted, set(found.refused_on_our_account), set(found.refused_since_last_sent)
        )

    def note(self, delivery_id: int, outcome: Outcome) -> None:
        self.attempted += 1
        if outcome.is_about_us:
            self.on_our_account.add(delivery_id)
        if outcome.is_refusal:
            self.in_a_row.add(delivery_id)
        elif outcome.state == Delivery.State.SENT:
            self.in_a_row.clear()

    @property
    def complaint(self) -> str:
        """Return why the issue has to pause, or ""."""
        if len(self.in_a_row) >= FAILURES_IN_A_ROW:
            return f"{len(self.in_a_row)} refusals in a row"
        ours = len(self.on_our_account)
        if ours >= POLICY_REFUSALS and ours > self.attempted * POLICY_SHARE:
            return f"{ours} of {self.attempted} refused on our account"
        return ""


@dataclass
class Report:
    """What one call of `send` did: outcomes by state, and why it stopped early, if it did."""

    outcomes: Counter[str] = field(default_factory=Counter)
    trouble: str = ""


def send(
    *, clock: Clock = timezone.now, should_stop: Callable[[], bool] = lambda: False,
    on_outcome: Callable[[str], None] = lambda state: None,
) -> Report:  # fmt: skip
    """Send until nothing is due, the relay gives up, or `should_stop`. Idempotent; many may run."""
    ledger.recover(clock())
    ledger.expire(clock())
    report = Report()
    with ledger.presence() as worker:
        if worker is not None:
            sender = Sender(worker, couriers.from_settings(), clock=clock, report=report)
            sender.on_outcome = on_outcome
            sender.run(should_stop)
    ledger.settle(clock())
    if report.outcomes or report.trouble:
        counts = ", ".join(f"{count} {state}" for state, count in report.outcomes.items())
        logger.info("Mail: %s. %s", counts or "nothing sent", report.trouble)
    return report


class Sender:
    """One worker with one connection; its memory does not grow with the audience."""

    def __init__(self, worker: int, courier: Courier, *, clock: Clock, report: Report) -> None:
        self.worker, self.courier, self.clock, self.report = worker, courier, clock, report
        self.on_outcome: Callable[[str], None] = lambda state: None
        self.closing: Closing | None = None
        self.busy_in_a_row = 0
        self.health: dict[int, Health] = {}
        self.patterns: dict[int, Pattern] = {}

    def run(self, should_stop: Callable[[], bool]) -> None:
        try:
            while not should_stop():
                claims = ledger.claim(self.worker, now=self.clock(), size=BATCH)
                if not claims:
                    break
                self._walk(claims, should_stop)
        except RelayUnavailable as error:
            self.report.trouble = f"relay unavailable ({error})"
        finally:
            self._close_last()
            ledger.release(self.worker, now=self.clock())
            self.courier.close()

    def _walk(self, claims: list[Claim], should_stop: Callable[[], bool]) -> None:
        self._learn_patterns(claims)
        for claim in claims:
            if should_stop():
                return
            self.courier.get_ready()
            closing, self.closing = self.closing, None
            attempt = ledger.step(closing, claim.pk, worker=self.worker, now=self.clock())
            if attempt is None:
                state = ledger.pass_over(claim, worker=self.worker, now=self.clock())
                self.on_outcome(state)
                continue
            letter = self.patterns[claim.edition_id].letter(claim.subscriber_id, attempt.email)
            self._note(claim, attempt, self.courier.hand_over(letter))

    def _learn_patterns(self, claims: list[Claim]) -> None:
        """Build the messages of these claims' editions that are not built yet."""
        wanted = {claim.edition_id for claim in claims}
        if len(self.patterns) > PATTERNS_KEPT:
            self.patterns.clear()
        missing = Edition.objects.filter(pk__in=wanted - self.patterns.keys())
        for edition in missing.select_related("issue").defer("issue__html", "issue__text"):
            self.patterns[edition.pk] = Pattern(edition)

    def _note(self, claim: Claim, attempt: Attempt, outcome: Outcome) -> None:
        """Remember how it ended, and stop where the relay says so."""
        next_at = None
        if outcome.state == Delivery.State.RETRY:
            next_at = self.clock() + retry_after(attempt.number)
        self.closing = Closing(claim.pk, outcome.state, outcome.reply, next_at)
        self.report.outcomes[str(outcome.state)] += 1
        self.on_outcome(outcome.state)
        self._mind_health(claim, outcome)
        self.busy_in_a_row = self.busy_in_a_row + 1 if outcome.is_relay_busy else 0
        if self.busy_in_a_row >= BUSY_ENOUGH:
            raise RelayUnavailable(outcome.reply[:3])  # The rest may hold an address.

    def _mind_health(self, claim: Claim, outcome: Outcome) -> None:
        """Pause the issue where it fares badly. Until its first refusal nothing is counted."""
        issue_id = claim.issue_id
        if issue_id not in self.health:
            if not outcome.is_refusal:
                return
            self.health[issue_id] = Health.of(issue_id)
        health = self.health[issue_id]
        health.note(claim.pk, outcome)
        if health.complaint:
            logger.error("Issue %s pauses: %s", issue_id, health.complaint)
            Issue(pk=issue_id).pause(reason=f"{health.complaint}: {outcome.reply[:9]}")
            del self.health[issue_id]

    def _close_last(self) -> None:
        closing, self.closing = self.closing, None
        if closing:
            ledger.step(closing, None, worker=self.worker, now=self.clock())


def retry_after(attempt: int) -> timedelta:
    """Return the pause after that attempt (the first is 1), give or take a fifth."""
    minutes = RETRY_AFTER_MINUTES[min(attempt, len(RETRY_AFTER_MINUTES)) - 1]
    return timedelta(minutes=minutes * random.uniform(0.8, 1.2))  # noqa: S311 - not a secret
