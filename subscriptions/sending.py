"""The sender: claims deliveries, hands them over one by one, and writes down what became of each.

One commit per message closes the last attempt and opens the next, before the first byte of MAIL. So
when a process dies, exactly the message in flight of each connection is uncertain; its delivery
becomes `unknown`. A connection to the relay is a thread with a database session and a worker number
of its own: threads, since measured beside processes they send as many and start at once.
"""

import logging
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from subscriptions import couriers, ledger, rests
from subscriptions.couriers import Courier, Outcome, RelayUnavailable
from subscriptions.health import Watch
from subscriptions.ledger import Claim, Closing
from subscriptions.message import Letter, Pattern
from subscriptions.models import Delivery, Edition

logger = logging.getLogger(__name__)

BATCH = 100
RETRY_AFTER_MINUTES = (1, 5, 15, 60, 240)
PATTERNS_KEPT = 64
BUSY_ENOUGH = 2  # times in a row that the relay asks one connection for patience
DATABASE_GONE = "the database does not answer"

Clock = Callable[[], datetime]


@dataclass
class Report:
    """What one call of `send` did: outcomes by state, and why it stopped early, if it did."""

    outcomes: Counter[str] = field(default_factory=Counter)
    trouble: str = ""


@dataclass
class Round:
    """What the connections of one call of `send` share. Whoever has trouble stops them all."""

    clock: Clock
    should_stop: Callable[[], bool]
    on_outcome: Callable[[str], None]
    most: int  # connections at once, those of other processes counted in
    report: Report = field(default_factory=Report)
    watch: Watch = field(default_factory=Watch)
    patterns: dict[int, Pattern] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    is_over: bool = False

    def is_stopping(self) -> bool:
        return self.is_over or self.should_stop()

    def stop(self, trouble: str) -> None:
        with self.lock:
            self.is_over = True
            self.report.trouble = self.report.trouble or trouble

    def count(self, state: str) -> None:
        with self.lock:
            self.report.outcomes[state] += 1
            self.on_outcome(state)

    def tell(self, state: str) -> None:
        with self.lock:
            self.on_outcome(state)

    def pattern(self, edition_id: int) -> Pattern:
        """Return an edition's message, built once for all connections."""
        found = self.patterns.get(edition_id)
        if found is None:
            with self.lock:
                if edition_id not in self.patterns:
                    if len(self.patterns) >= PATTERNS_KEPT:
                        self.patterns.clear()
                    self.patterns[edition_id] = _pattern(edition_id)
                found = self.patterns[edition_id]
        return found


def send(
    *, clock: Clock = timezone.now, should_stop: Callable[[], bool] = lambda: False,
    on_outcome: Callable[[str], None] = lambda state: None, connections: int = 1,
    most: int = ledger.MOST_CONNECTIONS,
) -> Report:  # fmt: skip
    """Send until nothing is due, the relay gives up, or `should_stop`. Idempotent; many may run.

    Opens up to `connections`, unless that were more than `most` with those of other processes.
    What is to be tried again later is not waited for: the next ring goes on with it.
    """
    round_ = Round(clock, should_stop, on_outcome, most)
    report = round_.report
    try:
        _send(round_, connections)
    except (OperationalError, InterfaceError):
        report.trouble = DATABASE_GONE
        connection.close()
    if report.outcomes or report.trouble:
        counts = ", ".join(f"{count} {state}" for state, count in report.outcomes.items())
        logger.info("Mail: %s. %s", counts or "nothing sent", report.trouble)
    return report


def _send(round_: Round, connections: int) -> None:
    clock, report = round_.clock, round_.report
    ledger.recover(clock())
    ledger.expire(clock())
    patience = rests.current()
    if patience.is_over(clock()):
        _connect(round_, patience.connections(connections))
    elif ledger.is_open():
        report.trouble = f"relay unavailable ({patience.reply})"
    if patience.strikes and report.outcomes[Delivery.State.SENT.value] and not report.trouble:
        rests.ease(clock())
    ledger.settle(clock())


def _connect(round_: Round, connections: int) -> None:
    """Send over so many connections at once; return when the last is through."""
    if connections == 1:
        _work(round_)
        return
    with ThreadPoolExecutor(connections, thread_name_prefix="sender") as pool:
        try:
            for future in [pool.submit(_work_and_part, round_) for _ in range(connections)]:
                future.result()
        finally:
            round_.is_over = True  # Also when this thread alone was told to stop.


def _work_and_part(round_: Round) -> None:
    """Work in a thread of its own, whose database session ends with it."""
    try:
        _work(round_)
    finally:
        connection.close()


def _work(round_: Round) -> None:
    try:
        with ledger.presence(most=round_.most) as worker:
            if worker is not None:
                Sender(worker, couriers.from_settings(), round_).run()
    except RelayUnavailable as error:
        round_.stop(f"relay unavailable ({error})")
    except (OperationalError, InterfaceError):
        round_.stop(DATABASE_GONE)
        connection.close()
    except ledger.LostClaim:
        round_.stop("taken for dead by another sender")


class Sender:
    """One worker with one connection; its memory does not grow with the audience."""

    def __init__(self, worker: int, courier: Courier, round_: Round) -> None:
        self.worker, self.courier, self.round = worker, courier, round_
        self.clock = round_.clock
        self.closing: Closing | None = None
        self.busy_in_a_row = 0

    def run(self) -> None:
        try:
            while not self.round.is_stopping():
                self._mind_rest()
                claims = ledger.claim(self.worker, now=self.clock(), size=BATCH)
                if not claims:
                    break
                self._walk(claims)
        finally:
            try:
                self._close_last()
                ledger.release(self.worker, now=self.clock())
            finally:
                self.courier.close()

    def _mind_rest(self) -> None:
        """Stop where a connection of another process has met a relay that asks for patience."""
        patience = rests.current()
        if not patience.is_over(self.clock()):
            raise RelayUnavailable(patience.reply)

    def _walk(self, claims: list[Claim]) -> None:
        for claim in claims:
            if self.round.is_stopping():
                return
            self.courier.get_ready()
            pattern = self.round.pattern(claim.edition_id)
            number, letter = self._open(claim, pattern)
            if number is None:
                state = ledger.pass_over(claim, worker=self.worker, now=self.clock())
                self.round.tell(state)
                continue
            self._note(claim, number, self.courier.hand_over(letter))

    def _open(self, claim: Claim, pattern: Pattern) -> tuple[int | None, Letter]:
        """Close the last attempt and open this; its letter is written while Postgres does so."""
        written: list[Letter] = []

        def write() -> None:
            written.append(pattern.letter(claim.subscriber_id, claim.email, delivery_id=claim.pk))

        closing, self.closing = self.closing, None
        number = ledger.step(closing, claim, worker=self.worker, now=self.clock(), meanwhile=write)
        return number, written[0]

    def _note(self, claim: Claim, number: int, outcome: Outcome) -> None:
        """Remember how it ended, and stop where the relay says so."""
        next_at = None
        if outcome.state == Delivery.State.RETRY:
            next_at = self.clock() + retry_after(number)
        self.closing = Closing(claim.pk, outcome.state, outcome.reply, next_at)
        self.round.count(outcome.state.value)
        self.round.watch.note(claim.issue_id, claim.pk, outcome)
        self.busy_in_a_row = self.busy_in_a_row + 1 if outcome.is_relay_busy else 0
        if self.busy_in_a_row >= BUSY_ENOUGH:
            code = outcome.reply[:3]  # The rest may hold an address.
            rests.begin(self.clock(), reply=code)
            raise RelayUnavailable(code)

    def _close_last(self) -> None:
        closing, self.closing = self.closing, None
        if closing:
            ledger.step(closing, None, worker=self.worker, now=self.clock())


def _pattern(edition_id: int) -> Pattern:
    editions = Edition.objects.select_related("issue").defer("issue__html", "issue__text")
    return Pattern(editions.get(pk=edition_id))


def retry_after(attempt: int) -> timedelta:
    """Return the pause after that attempt (the first is 1), give or take a fifth."""
    minutes = RETRY_AFTER_MINUTES[min(attempt, len(RETRY_AFTER_MINUTES)) - 1]
    return timedelta(minutes=minutes * random.uniform(0.8, 1.2))  # noqa: S311 - not a secret
