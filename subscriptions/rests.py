"""The relay asks for patience: every connection of every process then leaves it alone for a while.

The rests are kept in the database, where all processes see them. Each one after another is twice as
long, and fewer connections come back; a round that went well takes one step back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import connection, models
from django.db.models import CheckConstraint, F, Q

FIRST, LONGEST = timedelta(seconds=30), timedelta(minutes=15)

_BEGIN = """
INSERT INTO subscriptions_relayrest AS rest (id, until, strikes, reply)
VALUES (1, %(now)s + %(first)s, 1, %(reply)s)
ON CONFLICT (id) DO UPDATE SET
    until = %(now)s + least(%(longest)s, %(first)s * power(2, rest.strikes)),
    strikes = least(rest.strikes + 1, 10), reply = %(reply)s
WHERE rest.until <= %(now)s OR rest.until > %(now)s + %(longest)s
"""


class RelayRest(models.Model):
    """When the relay may be spoken to again, and how often in a row it asked for patience."""

    ONLY = 1

    until = models.DateTimeField()
    strikes = models.PositiveSmallIntegerField(default=0)
    reply = models.CharField(max_length=3, blank=True)

    objects: ClassVar[models.Manager["RelayRest"]] = models.Manager()

    class Meta:
        constraints = [
            CheckConstraint(name="subscriptions_relayrest_is_one", condition=Q(pk=1)),
        ]

    def __str__(self) -> str:
        return f"until {self.until}"


@dataclass(frozen=True)
class Patience:
    """What the last rest asks for: nothing before `until`, then fewer connections."""

    until: datetime | None = None
    strikes: int = 0
    reply: str = ""

    def is_over(self, now: datetime) -> bool:
        # One that ends later than any can was begun by a clock that was ahead.
        return self.until is None or not now < self.until <= now + LONGEST

    def connections(self, wanted: int) -> int:
        """Return how many connections to come back with: half as many for each rest in a row."""
        return max(1, wanted >> self.strikes)


def current() -> Patience:
    """Return what was asked last; one query."""
    row = RelayRest.objects.filter(pk=RelayRest.ONLY).values_list("until", "strikes", "reply")
    return Patience(*(row.first() or ()))


def begin(now: datetime, *, reply: str) -> None:
    """Leave the relay alone from now on. While a rest lasts, a second call adds nothing to it."""
    values: dict[str, Any] = {"now": now, "first": FIRST, "longest": LONGEST, "reply": reply[:3]}
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, values)


def ease(now: datetime) -> None:
    """Take one step back after a round in which the relay took mail and did not complain."""
    resting = RelayRest.objects.filter(pk=RelayRest.ONLY, until__lte=now, strikes__gt=0)
    resting.update(strikes=F("strikes") - 1)
