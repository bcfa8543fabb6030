"""The house's own jobs: bringing back what a dead worker held, and forgetting by night."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from comments.models import Comment
from pbrsite import rates, retention, tasks
from posts.tasks import relate
from tests.factories import make_post


def hold_job(*, heartbeat_age: timedelta) -> int:
    """Put a job in the hands of a worker that was last heard of so long ago."""
    job = relate.defer(post_id=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s) RETURNING id",
            [timezone.now() - heartbeat_age],
        )
        (worker,) = cursor.fetchone()
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s",
            [worker, job],
        )
    return job


def rescue() -> None:
    async_to_sync(tasks.rescue_stalled_jobs.func)(0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("age", "status"),
    [(timedelta(minutes=2), "todo"), (timedelta(seconds=5), "doing")],
    ids=["a dead worker's", "a living worker's"],
)
def test_a_job_goes_back_to_the_queue_only_when_its_worker_died(age, status):
    job = hold_job(heartbeat_age=age)
    rescue()
    rescue()
    assert ProcrastinateJob.objects.get(pk=job).status == status


@pytest.mark.django_db
def test_pruning_twice_removes_once_and_keeps_what_is_in_use(capsys):
    now = timezone.now()
    post = make_post()
    for days, state in ((40, "spam"), (1, "spam"), (400, "published")):
        created_at = now - timedelta(days=days)
        Comment.objects.create(
            post=post, name="N", body="B", state=state, created_at=created_at,
            decided_at=created_at,
        )  # fmt: skip
    rates.take("old", size=1, per=timedelta(hours=1), now=now - timedelta(days=2))
    first, second = retention.prune(now), retention.prune(now)
    assert Comment.objects.count() == 2
    assert first["rate buckets"] == 1
    assert sum(first.values()) >= 2
    assert set(second.values()) == {0}
    call_command("prune")
    assert "rate buckets" in capsys.readouterr().out
