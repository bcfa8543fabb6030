"""Jobs of the subscriptions room."""

import time

from django.conf import settings
from django.utils import timezone
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from subscriptions import digest, ledger, sending, signup
from subscriptions.deliverability import domains, selfmail
from subscriptions.feedback import effects, inbox, relayevents

SLICE_SECONDS = 50.0  # The clock rings again within the minute; a stopping worker need not wait.


@app.task(retry=RetryStrategy(max_attempts=6, exponential_wait=10))
def answer(request_id: int) -> None:
    signup.answer(request_id, timezone.now())


def defer_answer(request_id: int) -> None:
    """Have a request answered. Its jobs run one after the other, so that no two of them mail."""
    answer.configure(lock=f"subscriptions.request-{request_id}").defer(request_id=request_id)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="subscriptions.waiting")
def answer_waiting(timestamp: int) -> None:
    for request_id in signup.due(timezone.now()):
        defer_answer(request_id)


@app.periodic(cron="* * * * *")
@app.task
def ring(timestamp: int) -> None:
    """Ring the noon bell; the calendar and the ledger decide, so a missed minute means nothing."""
    try:
        digest.ring(timezone.now())
    finally:  # What is open already goes out whatever became of the ring.
        if ledger.is_open():
            send.defer()


@app.task(pass_context=True)
def send(context: JobContext | None = None) -> None:
    """Send for a while. Many may run beside each other: each claims its own deliveries."""
    end = time.monotonic() + SLICE_SECONDS
    sending.send(
        should_stop=lambda: time.monotonic() > end or _is_stopping(context),
        connections=settings.MAIL_CONNECTIONS,
        most=settings.MAIL_CONNECTIONS,
    )


@app.task(retry=RetryStrategy(max_attempts=6, exponential_wait=10))
def weigh() -> None:
    """Let what providers told count."""
    effects.weigh_waiting(timezone.now())


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="subscriptions.feedback")
def weigh_again(timestamp: int) -> None:
    """Take up what the relay refused, and what a job left that died."""
    now = timezone.now()
    relayevents.collect(now)
    effects.weigh_waiting(now)


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="subscriptions.mailbox", pass_context=True)
def read_mailbox(context: JobContext | None = None, timestamp: int = 0) -> None:
    if settings.BOUNCE_MAILBOX:
        inbox.read(timezone.now(), should_stop=lambda: _is_stopping(context))


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="subscriptions.domains")
def count_domains(timestamp: int) -> None:
    domains.count(timezone.now())


@app.periodic(cron="35 9 * * *")  # Before noon wherever noon is London's.
@app.task(queueing_lock="subscriptions.selfcheck")
def check_mail(timestamp: int) -> None:
    selfmail.send_daily(timezone.now())


@app.task
def check_mail_now() -> None:
    """Write to ourselves because somebody asked."""
    selfmail.send(timezone.now())


def _is_stopping(context: JobContext | None) -> bool:
    return context is not None and context.should_abort()
