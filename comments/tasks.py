"""Jobs of the comments room."""

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from comments import notices


@app.task(
    queueing_lock="comments.tell_moderators",
    lock="comments.tell_moderators",
    retry=RetryStrategy(max_attempts=8, exponential_wait=4),
)
def tell_moderators() -> None:
    notices.tell_moderators(timezone.now())
