"""Jobs of the house itself."""

import logging

from django.utils import timezone
from procrastinate.contrib.django import app

from pbrsite import retention

logger = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="pbrsite.rescue", pass_context=False)
async def rescue_stalled_jobs(timestamp: int) -> None:
    """Put the jobs of a worker that died back in the queue: they run at least once.

    A worker's heartbeat older than 30 seconds means dead. No `lock` on this job: were its own
    worker killed, a lock would keep every later rescue waiting for it.
    """
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=30):
        logger.warning("Job %s of a dead worker goes back to the queue", job.id)
        await app.job_manager.retry_job(job)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="pbrsite.prune")
def prune(timestamp: int) -> None:
    """Forget each night what the site has no more reason to keep."""
    retention.prune(timezone.now())
