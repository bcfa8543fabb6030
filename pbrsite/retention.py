"""Forgetting: what each room has no more reason to keep."""

from datetime import datetime, timedelta

from axes.models import AccessAttempt

from comments import retention as comments
from pbrsite import rates
from posts import retention as posts
from subscriptions import retention as subscriptions

LOG_INS_KEPT = timedelta(days=30)  # They hold network addresses.


def prune(now: datetime) -> dict[str, int]:
    """Delete what is past its time in every room; return how many of what. Idempotent."""
    return {
        **posts.prune(now),
        **comments.prune(now),
        **subscriptions.prune(now),
        "rate buckets": rates.forget(before=now - timedelta(days=1)),
        "failed log-ins": AccessAttempt.objects.filter(
            attempt_time__lt=now - LOG_INS_KEPT
        ).delete()[0],
    }
