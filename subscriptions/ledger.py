"""The ledger's moves. Each function is one statement, committed on its own, and safe to race.

A delivery goes pending → claimed → sending → sent | retry | rejected | unknown. A worker is a
number whose advisory lock its database session holds: the lock falls with the session, however the
process ends, and then `recover` gives its claims back and names the one in flight `unknown`.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Count, Min

from pbrsite.database.base import DatabaseWrapper
from subscriptions.deliveries import ABOUT_US
from subscriptions.models import Delivery, Issue

EXPIRES_AFTER = timedelta(hours=20)
MOST_CONNECTIONS = 16  # of all processes; as many as any relay is likely to bear
_LOCKS = 0x6D61696C  # "mail": the class of the workers' advisory locks.

_ALIVE = """
SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %(locks)s
AND objsubid = 2 AND granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_CLAIM = """
WITH won AS MATERIALIZED (
    SELECT d.id, d.next_at
    FROM subscriptions_delivery d JOIN subscriptions_issue i ON i.id = d.issue_id
    WHERE d.next_at <= %(now)s AND i.state = 'sending'
    ORDER BY d.next_at, d.id LIMIT %(size)s FOR UPDATE OF d SKIP LOCKED
), claimed AS (
    UPDATE subscriptions_delivery d
    SET state = 'claimed', worker = %(worker)s, next_at = NULL, at = %(now)s
    FROM won, subscriptions_subscriber s WHERE d.id = won.id AND s.id = d.subscriber_id
    RETURNING d.id, d.issue_id, d.subscriber_id, d.edition_id, s.email, won.next_at
)
SELECT id, issue_id, subscriber_id, edition_id, email FROM claimed ORDER BY next_at, id
"""
# One commit for each message, so planned once, and one UPDATE of both rows: half the work of two.
# $1 to $4 close, $5 and $8 to $10 open. The last EXISTS sees what was committed before, and beyond
# that `_RECOVER` takes all of a worker's rows at once: where the first has gone, so has the second.
_STEP = """
UPDATE subscriptions_delivery d SET
    state = CASE d.id WHEN $5 THEN 'sending' ELSE $2 END,
    smtp_reply = CASE d.id WHEN $5 THEN d.smtp_reply ELSE $3 END,
    next_at = CASE d.id WHEN $5 THEN NULL ELSE $4::timestamptz END,
    worker = CASE d.id WHEN $5 THEN d.worker END,
    attempt = CASE d.id WHEN $5 THEN d.attempt + 1 ELSE d.attempt END,
    at = $7::timestamptz
WHERE d.id IN ($1::bigint, $5::bigint) AND d.worker = $6::integer AND CASE d.id
    WHEN $5 THEN d.state = 'claimed' AND EXISTS (
        SELECT FROM subscriptions_subscriber s, subscriptions_issue i
        WHERE s.id = $8::bigint AND s.state = 'active' AND s.email = $9
          AND i.id = $10::bigint AND i.state = 'sending'
    ) AND ($1 = 0 OR EXISTS (
        SELECT FROM subscriptions_delivery last
        WHERE last.id = $1 AND last.state = 'sending' AND last.worker = $6
    ))
    ELSE d.state = 'sending' END
RETURNING d.id, d.attempt
"""
# Of the issues under way every delivery is read, by the index of the issue's: no index holds the
# states, which change twice for each message. A claim may also lie in one paused meanwhile.
#
# Who was not tried yet goes before who was: a refusal of us shows by many, not by the same few. And
# is due for every sender, also for one whose clock is behind that of whoever gave it back.
_GIVEN_BACK_AT = "CASE d.attempt WHEN 0 THEN least(%(now)s, i.frozen_at) ELSE %(now)s END"
_RELEASE = f"""
UPDATE subscriptions_delivery d SET state = 'pending', worker = NULL, at = %(now)s,
    next_at = {_GIVEN_BACK_AT}
FROM subscriptions_issue i
WHERE i.id = d.issue_id AND i.state IN ('sending', 'paused')
  AND d.state = 'claimed' AND d.worker = %(worker)s
"""  # noqa: S608 - made of constants
_RECOVER = f"""
UPDATE subscriptions_delivery d SET worker = NULL, at = %(now)s,
    state = CASE d.state WHEN 'claimed' THEN 'pending' ELSE 'unknown' END,
    next_at = CASE d.state WHEN 'claimed' THEN {_GIVEN_BACK_AT} END,
    smtp_reply = CASE d.state WHEN 'claimed' THEN d.smtp_reply ELSE 'the sender stopped' END
FROM subscriptions_issue i
WHERE i.id = d.issue_id AND i.state IN ('sending', 'paused')
  AND d.state IN ('claimed', 'sending') AND d.worker NOT IN ({_ALIVE})
"""  # noqa: S608 - made of constants
_EXPIRE = """
UPDATE subscriptions_delivery d SET state = 'expired', next_at = NULL, at = %(now)s
FROM subscriptions_issue i
WHERE i.id = d.issue_id AND d.next_at IS NOT NULL AND i.state = 'sending'
  AND greatest(i.frozen_at, i.resumed_at, i.resent_at) <= %(now)s - %(expires_after)s
"""
_SETTLE = """
UPDATE subscriptions_issue i SET state = 'done', done_at = %(now)s
WHERE i.state = 'sending' AND NOT EXISTS (
    SELECT FROM subscriptions_delivery d
    WHERE d.issue_id = i.id AND d.state IN ('pending', 'claimed', 'sending', 'retry'))
"""
_STANDING = """
SELECT count(*) FILTER (WHERE d.attempt > 0),
       coalesce(array_agg(d.id) FILTER (WHERE d.is_about_us), '{}'),
       coalesce(array_agg(d.id) FILTER (
           WHERE (d.is_about_us OR d.state = 'rejected') AND d.at > d.last_sent_at), '{}')
FROM (
    SELECT id, attempt, state, at,
           state IN ('pending', 'claimed', 'retry') AND smtp_reply LIKE '5%%'
           OR state = 'rejected' AND smtp_reply ~ %(about_us)s AS is_about_us,
           coalesce(max(at) FILTER (WHERE state = 'sent') OVER (), '-infinity') AS last_sent_at
    FROM subscriptions_delivery WHERE issue_id = %(issue)s AND state <> 'sending'
      AND at > coalesce(
          (SELECT resumed_at FROM subscriptions_issue WHERE id = %(issue)s), '-infinity')
) d
"""


class LostClaim(Exception):  # noqa: N818 - it reads as what it is.
    """The database session broke in between, and another worker has taken this one for dead."""


@dataclass(frozen=True)
class Claim:
    pk: int
    issue_id: int
    subscriber_id: int
    edition_id: int
    email: str


@dataclass(frozen=True)
class Closing:
    """How an attempt ended, to be written with the opening of the next."""

    pk: int
    state: str
    reply: str
    next_at: datetime | None = None


_NOTHING = Closing(0, "", "")
_NOBODY = Claim(0, 0, 0, 0, "")


@dataclass(frozen=True)
class Standing:
    """How an issue has fared with the relay so far, or since it was last resumed."""

    attempted: int
    refused_on_our_account: list[int]  # Deliveries.
    refused_since_last_sent: list[int]


@contextmanager
def presence(*, most: int = MOST_CONNECTIONS) -> Iterator[int | None]:
    """Be a worker: yield its number, or None when so many are at it, in whichever process."""
    worker = secrets.randbelow(2**31 - 1) + 1
    if not _come_in(worker, most):
        yield None
        return
    try:
        yield worker
    finally:
        # A session that broke has lost its locks already.
        with suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCKS, worker])


def _come_in(worker: int, most: int) -> bool:
    """Take the worker's lock unless so many are taken; one at a time looks and takes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCKS])
        try:
            cursor.execute(f"SELECT count(*) FROM ({_ALIVE}) alive", {"locks": _LOCKS})  # noqa: S608
            if cursor.fetchone()[0] >= most:
                return False
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCKS, worker])
            return True
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCKS])


def claim(worker: int, *, now: datetime, size: int) -> list[Claim]:
    """Take up to `size` deliveries that are due, oldest first; others pass them by."""
    return [Claim(*row) for row in _rows(_CLAIM, worker=worker, now=now, size=size)]


def step(
    closing: Closing | None, opening: Claim | None, *, worker: int, now: datetime,
    meanwhile: Callable[[], None] = lambda: None,
) -> int | None:  # fmt: skip
    """Close the last attempt and open the next, durably, in one commit; `meanwhile` is called once.

    Returns the attempt's number; None when the next may not be opened: the person left, has another
    address by now, or the issue was paused. Raises LostClaim when the attempt to close is no longer
    ours; then nothing is opened either.
    """
    last, next_ = closing or _NOTHING, opening or _NOBODY
    values = [
        b"%d" % last.pk, last.state.encode(), last.reply.encode(),
        last.next_at.isoformat().encode() if last.next_at else None,
        b"%d" % next_.pk, b"%d" % worker, now.isoformat().encode(),
        b"%d" % next_.subscriber_id, next_.email.encode(), b"%d" % next_.issue_id,
    ]  # fmt: skip
    database = cast(DatabaseWrapper, connection)
    moved = dict(database.order(b"subscriptions_step", _STEP, values, meanwhile=meanwhile))
    if closing and values[0] not in moved:
        raise LostClaim
    number = moved.get(values[4])
    return int(number) if number else None


def pass_over(claim: Claim, *, worker: int, now: datetime) -> str:
    """Settle a claim that could not be opened: cancel it, or put it back if its issue is paused."""
    mine = Delivery.objects.filter(pk=claim.pk, worker=worker, state=Delivery.State.CLAIMED)
    if mine.exclude(subscriber__state="active").cancel(at=now):
        return Delivery.State.CANCELLED
    mine.update(state=Delivery.State.PENDING, worker=None, next_at=now, at=now)
    return Delivery.State.PENDING


def release(worker: int, *, now: datetime) -> int:
    """Give back what was claimed and not begun."""
    return _count(_RELEASE, worker=worker, now=now)


def recover(now: datetime) -> int:
    """Settle what dead workers left behind; return how many deliveries."""
    return _count(_RECOVER, now=now, locks=_LOCKS)


def expire(now: datetime) -> int:
    """Give up what the relay has not accepted within 20 hours; tomorrow's issue repairs it."""
    return _count(_EXPIRE, now=now, expires_after=EXPIRES_AFTER)


def settle(now: datetime) -> int:
    """Mark the issues done in which nothing is open; return how many."""
    with transaction.atomic():
        # Who sends one again holds its row: what they opened is seen by the next statement alone.
        list(Issue.objects.sending().select_for_update(no_key=True).values_list("pk"))
        return _count(_SETTLE, now=now)


def standing(issue_id: int) -> Standing:
    """Return how the issue stands, without what is in flight. Reads all its deliveries."""
    return Standing(*_rows(_STANDING, issue=issue_id, about_us=ABOUT_US)[0])


def waiting() -> tuple[int, datetime | None]:
    """Return how many deliveries of the issues under way wait, and when the first is due."""
    found = Delivery.objects.open().filter(issue__in=Issue.objects.sending())
    row = found.aggregate(count=Count("pk"), first=Min("next_at"))
    return row["count"], row["first"]


def is_open() -> bool:
    """Return whether a sender would find anything to look at."""
    return Issue.objects.sending().exists()


def _rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def _count(statement: str, **values: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)
