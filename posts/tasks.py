"""Jobs of the posts room."""

from django.contrib.auth.models import User
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from posts import frequencies, misses, relatedness, renditions, retagging, search, weighing
from posts.models import Post, ScheduledChange

AFTER_THE_REST = -5  # the priority: a post published meanwhile is related first


@app.task(retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def relate(post_id: int) -> None:
    """Relate the post now, and in a job of their own those around it."""
    others = relatedness.relate(post_id, with_neighbours=False)
    if others:
        relate_posts.configure(priority=AFTER_THE_REST).defer(post_ids=[*others])


@app.task(retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def index_posts(post_ids: list[int]) -> None:
    search.index(post_ids)


@app.task(retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def relate_posts(post_ids: list[int]) -> None:
    """Relate each of many posts that changed together; their neighbours are among them or wait."""
    relatedness.relate_batch(post_ids)


@app.task(retry=RetryStrategy(max_attempts=5, exponential_wait=4))
def retag(post_ids: list[int], verb: retagging.Verb, tag_pks: list[int], by_pk: int) -> None:
    by = User.objects.filter(pk=by_pk).first()
    retagging.retag_batch(post_ids, verb, tag_pks, by=by, now=timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="posts.relate_overdue")
def relate_overdue(timestamp: int) -> None:
    """Have posts related that appeared by the clock alone, and any whose job was lost."""
    for post_id in relatedness.overdue():
        relate.defer(post_id=post_id)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="posts.index_overdue", lock="posts.index_overdue")
def index_overdue(timestamp: int) -> None:
    """Index what has no index yet, and count the words of what appeared by the clock."""
    search.catch_up(timezone.now())


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="posts.recount_words")
def recount_words(timestamp: int) -> None:
    """Count words anew once the archive has grown by a twentieth."""
    now = timezone.now()
    if frequencies.is_stale(Post.objects.published(now).count()):
        weighing.recount(now)


@app.task(lock="posts.renditions", retry=RetryStrategy(max_attempts=3, exponential_wait=10))
def make_renditions(image_id: int) -> None:
    """One image at a time on the whole site: mail waits for nobody's photograph."""
    renditions.make(image_id)


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="posts.make_overdue_renditions")
def make_overdue_renditions(timestamp: int) -> None:
    for image in renditions.overdue(timezone.now()).only("pk"):
        make_renditions.defer(image_id=image.pk)


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="posts.apply_scheduled_changes")
def apply_scheduled_changes(timestamp: int) -> None:
    """Make public what is due; a change says by itself when, so a missed minute means nothing."""
    ScheduledChange.objects.apply_due(timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(queueing_lock="posts.collect_misses", lock="posts.collect_misses")
def collect_misses(timestamp: int) -> None:
    """Count the searches that found nothing, as the web processes of this machine noted them."""
    misses.collect(timezone.now())
