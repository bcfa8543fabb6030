"""Where every recipient of an issue stands, how fast it goes, and how long it will take.

audience = sent + rejected + unknown + cancelled + suppressed + expired + open, always.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from subscriptions.deliveries import OPEN, Delivery
from subscriptions.issues import Issue

WINDOW = timedelta(seconds=30)  # of which the rate is taken
FINAL = [str(state) for state in Delivery.State if state not in OPEN]
PARTS = [*FINAL, "open"]
LABELS = {
    "sent": "Accepted by the relay",
    "rejected": "Refused by the relay",
    "unknown": "Unknown: the connection broke at the last moment",
    "cancelled": "Cancelled: the person left or changed",
    "suppressed": "Suppressed: bounced or complained",
    "expired": "Expired: not accepted within 20 hours",
    "open": "Still to be sent",
}
# One walk along the index of the issue's deliveries; measured at 100,000 in the benchmark.
_COUNT = """
SELECT state, count(*), count(*) FILTER (WHERE state = 'sent' AND at > %(since)s),
       min(at) FILTER (WHERE state = 'sent' AND at > %(since)s),
       min(next_at) FILTER (WHERE state = 'retry')
FROM subscriptions_delivery WHERE issue_id = %(issue)s GROUP BY state
"""


@dataclass(frozen=True)
class Segment:
    """A part of the bar, from `x` on and `width` wide, of a hundred."""

    name: str
    label: str
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class Account:
    """The numbers of one issue, by PARTS; `per_second` is that of the last half minute."""

    counts: Mapping[str, int]
    per_second: float = 0
    waits_until: datetime | None = None  # All that is open is to be tried again, then.

    @property
    def audience(self) -> int:
        return sum(self.counts.values())

    def segments(self) -> Iterator[Segment]:
        x = 0.0
        for name in PARTS:
            count = self.counts.get(name, 0)
            width = 100 * count / self.audience if self.audience else 0.0
            yield Segment(name, LABELS[name], count, round(x, 2), round(width, 2))
            x += width

    def sentence(self) -> str:
        """Return "5 people = 3 sent + 1 rejected + 1 open"."""
        parts = [f"{one.count:,} {one.name}" for one in self.segments() if one.count]
        people = "person" if self.audience == 1 else "people"
        return f"{self.audience:,} {people} = {' + '.join(parts) or 0}"

    def pace(self) -> str:
        """Return how fast it goes and how long it will take; "" where nothing moves."""
        still_open = self.counts.get("open", 0)
        if not still_open:
            return ""
        if self.waits_until:
            at = timezone.localtime(self.waits_until)
            return f"{still_open:,} to be tried again from {at:%H:%M} on."
        if not self.per_second:
            return f"{still_open:,} still to be sent."
        rate = f"{self.per_second:,.0f}" if self.per_second >= 2 else f"{self.per_second:.1f}"
        return f"{rate} a second, about {_duration(still_open / self.per_second)} left."


def account_of(issue: Issue, now: datetime) -> Account:
    """Count the deliveries of one issue; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"issue": issue.pk, "since": now - WINDOW})
        rows = cursor.fetchall()
    counts = dict.fromkeys(PARTS, 0)
    for state, count, *_ in rows:
        counts["open" if state in OPEN else state] += count
    recent = sum(row[2] for row in rows)
    first = min((row[3] for row in rows if row[3]), default=None)
    retries = {row[0]: row for row in rows}.get("retry")
    is_waiting = retries is not None and retries[1] == counts["open"]
    return Account(
        counts, per_second=recent / max(1.0, (now - first).total_seconds()) if first else 0,
        waits_until=retries[4] if is_waiting and retries else None,
    )  # fmt: skip


def counted(issue: Issue) -> Account:
    """Return the account of an issue that came from `with_accounting()`; no query."""
    counts = {state: getattr(issue, f"{state}_count") for state in FINAL}
    return Account(counts | {"open": getattr(issue, "still_open")})  # noqa: B009 - an annotation


def bar(account: Account) -> SafeString:
    """Return the account as a picture; what it shows is said in its label."""
    parts = format_html_join(
        "", '<rect class="account__{}" data-part="{}" x="{}" width="{}" height="8"/>',
        ((one.name, one.name, one.x, one.width) for one in account.segments()),
    )  # fmt: skip
    return format_html(
        '<svg class="account" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>',
        account.sentence(), parts,
    )  # fmt: skip


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
