"""Jobs of the comments room."""

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from comments import akismet, notices


@app.task(
    queueing_lock="comments.tell_moderators",
    lock="comments.tell_moderators",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4),
)
def tell_moderators() -> None:
    notices.tell_moderators(timezone.now())


@app.task(retry=RetryStrategy(max_attempts=6, exponential_wait=4))
def ask_akismet(comment_pk: int) -> None:
    akismet.ask(comment_pk, timezone.now())
