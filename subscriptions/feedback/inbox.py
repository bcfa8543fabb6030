"""Reading the mailbox of returned mail: each message once, and marked only when it has counted."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import DataError, connection

from subscriptions.feedback import effects, mailboxes, returnedmail
from subscriptions.feedback.events import MailEvent, MailSource
from subscriptions.feedback.mailboxes import Mailbox, MailboxUnavailable, Waiting
from subscriptions.feedback.returnedmail import Returned

logger = logging.getLogger(__name__)

AT_ONCE = 1000  # messages a call; the next takes the rest
LOCK = (0x6D61696C + 1, 1)  # Beside the senders' (`ledger`).
PASSED_BY, NOTHING, AGAIN, SELF_CHECK = (
    "passed by",
    "nothing",
    "known already or too old",
    "self-check",
)


@dataclass
class Report:
    """What one reading found, by kind of message; and why it stopped early, if it did."""

    counts: Counter[str] = field(default_factory=Counter)
    trouble: str = ""
    is_another_reading: bool = False


def read(
    now: datetime, *, is_rehearsal: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
    on_message: Callable[[str], None] = lambda outcome: None,
) -> Report:  # fmt: skip
    """Read what waits in the mailbox of the settings. Idempotent; two never read at once.

    A message is marked as seen after its event is committed and weighed: should the process die in
    between, it is read again, and the event is known already. A rehearsal marks and writes nothing.
    """
    report = Report()
    with _alone() as is_mine:
        report.is_another_reading = not is_mine
        if not is_mine:
            return report
        try:
            _read_all(report, now, is_rehearsal, lambda: should_stop(), on_message)
        except MailboxUnavailable as error:
            report.trouble = str(error)
    if not is_rehearsal:
        _note(report, now)
    return report


def _read_all(
    report: Report, now: datetime, is_rehearsal: bool, should_stop: Callable[[], bool],
    on_message: Callable[[str], None],
) -> None:  # fmt: skip
    mailbox = mailboxes.open_from(settings.BOUNCE_MAILBOX)
    try:
        for number, waiting in enumerate(mailbox.waiting(), start=1):
            if number > AT_ONCE or should_stop():
                return
            outcome = _take(mailbox, waiting, now, is_rehearsal=is_rehearsal)
            if not is_rehearsal:
                mailbox.settle(waiting.name)
            report.counts[outcome] += 1
            on_message(outcome)
    finally:
        mailbox.close()


def _take(mailbox: Mailbox, waiting: Waiting, now: datetime, *, is_rehearsal: bool) -> str:
    """Let one message count; return what it was."""
    if waiting.size > returnedmail.LARGEST:
        return PASSED_BY
    content = mailbox.content(waiting.name, most=returnedmail.LARGEST + 1)
    try:
        returned = returnedmail.read(content, now=now, is_rehearsal=is_rehearsal)
        return _count(returned, now, is_rehearsal=is_rehearsal)
    except (returnedmail.NotUnderstood, DataError, UnicodeError):
        # Whatever no table takes: left unmarked, it would stand before all others for good.
        return PASSED_BY


def _count(returned: Returned, now: datetime, *, is_rehearsal: bool) -> str:
    """Let what a message says count; return what it was."""
    if returned.is_self_check:
        return SELF_CHECK
    if returned.event is None:
        return NOTHING
    if not is_rehearsal:
        if not MailEvent.objects.record([returned.event]):
            return AGAIN
        told = MailEvent.objects.get(source=returned.event.source, key=returned.event.key)
        effects.weigh(told, now=now)
    return str(MailEvent.Kind(returned.event.kind))


def _note(report: Report, now: datetime) -> None:
    if report.trouble:
        MailSource.failed(returnedmail.SOURCE, report.trouble, at=now)
        logger.error("The mailbox of returned mail: %s", report.trouble)
    else:
        MailSource.heard(returnedmail.SOURCE, at=now, passed_by=report.counts[PASSED_BY])
    if report.counts:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in report.counts.items())
        logger.info("Returned mail: %s", counts)


@contextmanager
def _alone() -> Iterator[bool]:
    """Hold the readers' lock; yield whether it was free. It falls with the database session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", LOCK)
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", LOCK)
