"""Putting a job in the queue once, however many ask for it at the same time."""

import hashlib
from typing import Any

from django.db import connection, transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import JobDeferrer


def defer_once(job: JobDeferrer, *, lock: str, **arguments: Any) -> bool:
    """Put a job in the queue, inside the caller's transaction, unless one with its lock waits.

    Who asks at the same moment waits for the other's commit: left to the unique index alone, each
    of them would write an error into Postgres's log. A job started by hand meanwhile may still
    meet the index; it costs a savepoint.
    """
    key = int.from_bytes(hashlib.blake2b(lock.encode(), digest_size=8).digest(), signed=True)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
        if ProcrastinateJob.objects.filter(queueing_lock=lock, status="todo").exists():
            return False
        try:
            with transaction.atomic():
                job.defer(**arguments)
        except AlreadyEnqueued:
            return False
    return True
