"""How an issue fares with the relay, and when it fares so badly that it has to pause."""

import logging
from threading import Lock

from subscriptions import ledger
from subscriptions.models import Delivery, Issue
from subscriptions.outcomes import Outcome

logger = logging.getLogger(__name__)

FAILURES_IN_A_ROW = 20
POLICY_REFUSALS = 5  # at least, and more than 2 % of the attempts
POLICY_SHARE = 0.02


class Health:
    """How one issue fares: what the ledger holds, and what these connections add.

    Of deliveries, not of attempts: the same person refused again tells nothing new.
    """

    def __init__(self, issue_id: int) -> None:
        """Take over what earlier senders met: a fresh count for each would lose people to each."""
        found = ledger.standing(issue_id)
        self.attempted = found.attempted
        self.on_our_account = set(found.refused_on_our_account)
        self.in_a_row = set(found.refused_since_last_sent)

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


class Watch:
    """The health of every issue under way, shared by the connections of a process."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.health: dict[int, Health] = {}

    def note(self, issue_id: int, delivery_id: int, outcome: Outcome) -> None:
        """Pause the issue where it fares badly. Until its first refusal nothing is counted."""
        if issue_id not in self.health and not outcome.is_refusal:
            return
        with self.lock:
            if issue_id not in self.health:
                self.health[issue_id] = Health(issue_id)
            health = self.health[issue_id]
            health.note(delivery_id, outcome)
            complaint = health.complaint
            if complaint:
                del self.health[issue_id]
        if complaint and Issue(pk=issue_id).pause(reason=f"{complaint}: {outcome.reply[:9]}"):
            logger.error("Issue %s pauses: %s", issue_id, complaint)
