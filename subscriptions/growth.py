"""How the list grows: who subscribed and who left, week by week, as a picture."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import connection

WEEKS = 52
HALF = 60  # of the picture's height: above and below the line
# Coming back counts as subscribing. A pause is neither. Weeks are told apart by their first
# moments: `date_trunc` in a zone takes four times as long.
_COUNT = """
SELECT width_bucket(at, %(begins)s::timestamptz[]) - 1,
       count(*) FILTER (WHERE to_state = 'active' AND from_state <> 'paused'),
       count(*) FILTER (WHERE from_state IN ('active', 'paused')
                        AND to_state NOT IN ('active', 'paused'))
FROM subscriptions_consentevent WHERE at >= %(since)s GROUP BY 1
"""


@dataclass(frozen=True)
class Week:
    """A week from its Monday; the rest places its two bars in the picture."""

    monday: date
    joined: int
    left: int
    x: int
    up: float
    down: float

    @property
    def top(self) -> float:
        return HALF - self.up


@dataclass(frozen=True)
class Growth:
    weeks: list[Week]

    @property
    def joined(self) -> int:
        return sum(week.joined for week in self.weeks)

    @property
    def left(self) -> int:
        return sum(week.left for week in self.weeks)

    @property
    def most(self) -> int:
        return max(max(week.joined, week.left) for week in self.weeks)


def last_year(now: datetime) -> Growth:
    """Return the last 52 weeks, the present one included; one query."""
    today = now.astimezone(settings.ZONE).date()
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    mondays = [first + timedelta(weeks=number) for number in range(WEEKS)]
    begins = [datetime.combine(monday, time(), tzinfo=settings.ZONE) for monday in mondays]
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"begins": begins, "since": begins[0]})
        found = {week: (joined, left) for week, joined, left in cursor.fetchall()}
    numbers = [found.get(week, (0, 0)) for week in range(WEEKS)]
    most = max(1, *(number for pair in numbers for number in pair))
    scale = (HALF - 6) / most
    return Growth([
        Week(monday, joined, left, 10 * place, round(joined * scale, 1), round(left * scale, 1))
        for place, (monday, (joined, left)) in enumerate(zip(mondays, numbers, strict=True))
    ])  # fmt: skip
