"""How the mail fares by the domain of its readers: counted once an issue is done, then only summed.

No figure is about fewer than five people who got mail, so none tells of a single one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F, Q, UniqueConstraint

from subscriptions.issues import Issue

WITHIN = timedelta(days=30)
DOMAINS_SHOWN = 10
FEWEST = 5  # people in a figure
OTHERS = "All others"

_COUNT = """
INSERT INTO subscriptions_domaincount (issue_id, domain, sent, counted_at)
SELECT %(issue)s, domain, sum(sent), %(now)s FROM (
    SELECT CASE WHEN count(*) >= %(fewest)s THEN lower(split_part(s.email, '@', 2)) ELSE '' END
        AS domain, count(*) AS sent
    FROM subscriptions_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
    WHERE d.issue_id = %(issue)s AND d.state = 'sent'
    GROUP BY lower(split_part(s.email, '@', 2))
) each_domain GROUP BY domain
"""
_FIGURES = """
WITH people AS MATERIALIZED (
    SELECT id, state, lower(split_part(email, '@', 2)) AS domain FROM subscriptions_subscriber
    WHERE state IN ('active', 'paused', 'bounced', 'complained') AND email <> ''
), biggest AS MATERIALIZED (
    SELECT domain FROM people GROUP BY domain HAVING count(*) >= %(fewest)s
    ORDER BY count(*) DESC, domain LIMIT %(shown)s
), readers AS (
    SELECT b.domain, count(*) AS people, count(*) FILTER (WHERE p.state = 'active') AS audience
    FROM people p LEFT JOIN biggest b ON b.domain = p.domain GROUP BY b.domain
), sent AS (
    SELECT b.domain, sum(c.sent) AS sent FROM subscriptions_domaincount c
    JOIN subscriptions_issue i ON i.id = c.issue_id AND i.frozen_at >= %(since)s
    LEFT JOIN biggest b ON b.domain = c.domain GROUP BY b.domain
), told AS (
    SELECT b.domain, count(*) FILTER (WHERE e.kind = 'soft') AS soft,
        count(*) FILTER (WHERE e.kind = 'hard') AS hard,
        count(*) FILTER (WHERE e.kind = 'complaint') AS complaints
    FROM subscriptions_mailevent e JOIN people p ON p.id = e.subscriber_id
    LEFT JOIN biggest b ON b.domain = p.domain
    WHERE e.received_at >= %(since)s GROUP BY b.domain
)
SELECT r.domain, r.audience, coalesce(s.sent, 0), coalesce(t.soft, 0), coalesce(t.hard, 0),
    coalesce(t.complaints, 0)
FROM readers r
LEFT JOIN sent s ON s.domain IS NOT DISTINCT FROM r.domain
LEFT JOIN told t ON t.domain IS NOT DISTINCT FROM r.domain
WHERE r.people >= %(fewest)s
ORDER BY r.domain IS NULL, r.people DESC, r.domain
"""


class DomainCount(models.Model):
    """How many copies of one issue the relay took for one domain; "" for all small ones."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="domain_counts")
    domain = models.CharField(max_length=254, blank=True)
    sent = models.PositiveIntegerField()
    counted_at = models.DateTimeField()

    class Meta:
        ordering = ["issue", "domain"]
        constraints = [
            UniqueConstraint(fields=["issue", "domain"], name="subscriptions_domaincount_once")
        ]

    def __str__(self) -> str:
        return f"{self.sent} to {self.domain or OTHERS}"


@dataclass(frozen=True)
class Figures:
    """One domain in the last 30 days; `sent` is what the relay took, of issues that are done."""

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
    def is_told_of(self) -> bool:
        return bool(self.soft or self.hard or self.complaints)

    @property
    def shares(self) -> list[tuple[str, int, float]]:
        """Return name, count and share of each kind."""
        counts = [("soft", self.soft), ("hard", self.hard), ("complaints", self.complaints)]
        return [(name, count, self.share(count)) for name, count in counts]


def count(now: datetime) -> int:
    """Count the issues done within 30 days that are not counted; return how many. Idempotent.

    One that was opened again and done once more is counted anew. What is older is forgotten.
    """
    outdated = Q(issue__frozen_at__lt=now - WITHIN) | Q(issue__done_at__gt=F("counted_at"))
    DomainCount.objects.filter(outdated).delete()
    done = Issue.objects.filter(state=Issue.State.DONE, frozen_at__gte=now - WITHIN)
    waiting = list(done.filter(domain_counts=None).values_list("pk", flat=True))
    for issue_id in waiting:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COUNT, {"issue": issue_id, "now": now, "fewest": FEWEST})
    return len(waiting)


def by_domain(now: datetime) -> list[Figures]:
    """Return the biggest domains, then all others; one query, which reads no delivery."""
    values: dict[str, Any] = {"since": now - WITHIN, "fewest": FEWEST, "shown": DOMAINS_SHOWN}
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, values)
        return [Figures(domain or OTHERS, *counts) for domain, *counts in cursor.fetchall()]
