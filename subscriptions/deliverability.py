"""How well the mail is delivered: by the domains of its readers, and what there is to mend.

No figure here is about fewer than five people, so none tells of a single one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Q

from subscriptions import selfmail
from subscriptions.models import MailEvent, MailSource, SelfCheck, Subscriber
from subscriptions.selfchecks import STALE_AFTER

WITHIN = timedelta(days=30)
DOMAINS_SHOWN = 10
FEWEST = 5  # people in a figure
ANSWERS_SHOWN = 10
OTHERS = "All others"
TROUBLE_FOR = timedelta(hours=1)  # A mailbox may be away for a moment.
REFUSALS_A_DAY = 10
# Gmail and Yahoo turn on senders of whom more than 0.3 % of the readers complain.
COMPLAINTS, COMPLAINT_SHARE = 3, 0.003

_DOMAINS = """
WITH people AS MATERIALIZED (
    SELECT id, state, lower(split_part(email, '@', 2)) AS domain
    FROM subscriptions_subscriber WHERE email <> ''
), biggest AS (
    SELECT domain FROM people GROUP BY domain HAVING count(*) >= %(fewest)s
    ORDER BY count(*) DESC, domain LIMIT %(shown)s
), grouped AS MATERIALIZED (
    SELECT id, state, CASE WHEN domain IN (SELECT domain FROM biggest) THEN domain END AS domain
    FROM people
), sent AS (
    SELECT g.domain, count(*) AS sent FROM subscriptions_delivery d
    JOIN subscriptions_issue i ON i.id = d.issue_id AND i.frozen_at >= %(since)s
    JOIN grouped g ON g.id = d.subscriber_id
    WHERE d.state = 'sent' GROUP BY g.domain
), told AS (
    SELECT g.domain, count(*) FILTER (WHERE e.kind = 'soft') AS soft,
        count(*) FILTER (WHERE e.kind = 'hard') AS hard,
        count(*) FILTER (WHERE e.kind = 'complaint') AS complaints
    FROM subscriptions_mailevent e JOIN grouped g ON g.id = e.subscriber_id
    WHERE e.received_at >= %(since)s GROUP BY g.domain
)
SELECT g.domain, count(*) FILTER (WHERE g.state = 'active'), coalesce(max(s.sent), 0),
    coalesce(max(t.soft), 0), coalesce(max(t.hard), 0), coalesce(max(t.complaints), 0)
FROM grouped g
LEFT JOIN sent s ON s.domain IS NOT DISTINCT FROM g.domain
LEFT JOIN told t ON t.domain IS NOT DISTINCT FROM g.domain
GROUP BY g.domain HAVING count(*) >= %(fewest)s
ORDER BY g.domain IS NULL, count(*) DESC, g.domain
"""


@dataclass(frozen=True)
class Figures:
    """One domain in the last 30 days; `sent` is what the relay took."""

    domain: str
    audience: int
    sent: int
    soft: int
    hard: int
    complaints: int

    def share(self, count: int) -> float:
        """Return how many of what was sent, in per cent."""
        return 100 * min(1.0, count / self.sent) if self.sent else 0.0

    @property
    def shares(self) -> list[tuple[str, int, float]]:
        """Return name, count and share of each kind."""
        counts = [("soft", self.soft), ("hard", self.hard), ("complaints", self.complaints)]
        return [(name, count, self.share(count)) for name, count in counts]


def by_domain(now: datetime) -> list[Figures]:
    """Return the biggest domains, then all others; one query, which reads 30 days of the ledger."""
    values: dict[str, Any] = {"since": now - WITHIN, "fewest": FEWEST, "shown": DOMAINS_SHOWN}
    with connection.cursor() as cursor:
        cursor.execute(_DOMAINS, values)
        return [Figures(domain or OTHERS, *counts) for domain, *counts in cursor.fetchall()]


def refusals(now: datetime) -> list[dict[str, Any]]:
    """Return what was said to us when mail was refused on our account, the most frequent first."""
    events = MailEvent.objects.since(now - WITHIN).filter(kind=MailEvent.Kind.POLICY)
    told = events.values("status", "words").annotate(count=Count("pk"), last_at=Max("received_at"))
    return [{**row} for row in told.order_by("-count", "-last_at", "words")[:ANSWERS_SHOWN]]


def alarms(now: datetime) -> list[str]:
    """Return in words what has to be mended; three queries, four when people complained."""
    return [*_of_self_check(now), *_of_sources(now), *_of_events(now)]


def _of_self_check(now: datetime) -> list[str]:
    if not selfmail.is_possible():
        return []
    last = list(SelfCheck.objects.all()[:5])
    if last and last[0].sent_at < now - STALE_AFTER:
        return ["The site has not written to itself for a day and a half: is a worker running?"]
    # One that is still on its way says nothing yet: the one before it does.
    known = next((one for one in last if one.arrived_at or one.problems(now)), None)
    return [f"Self-check: {words}" for words in known.problems(now)] if known else []


def _of_sources(now: datetime) -> list[str]:
    troubled = MailSource.objects.filter(trouble_since__lte=now - TROUBLE_FOR)
    return [f"Returned mail is not read ({one.name}): {one.trouble}." for one in troubled]


def _of_events(now: datetime) -> list[str]:
    counts = MailEvent.objects.since(now - WITHIN).aggregate(
        refused=Count(
            "pk", filter=Q(kind=MailEvent.Kind.POLICY, received_at__gte=now - timedelta(days=1))
        ),
        complained=Count("pk", filter=Q(kind=MailEvent.Kind.COMPLAINT)),
    )
    found = []
    if counts["refused"] >= REFUSALS_A_DAY:
        found.append(f"{counts['refused']} mails were refused on our account since yesterday.")
    if counts["complained"] >= COMPLAINTS:
        audience = Subscriber.objects.active().count() + counts["complained"]
        if counts["complained"] > COMPLAINT_SHARE * audience:
            found.append(f"{counts['complained']} of {audience} readers complained within 30 days.")
    return found
