"""What the public sees, as a condition: said here once, for posts and what leads to them."""

from datetime import datetime

from django.db.models import Q
from django.db.models.functions import Now

PUBLISHED = "published"
UNFINISHED = ["draft", "review"]


def published(now: datetime | Now, *, through: str = "") -> Q:
    """Return the condition on a post, or on the post reached `through` a relation's name.

    `Now()` is Postgres's own clock, for what is built once and asked often.
    """
    return Q(**{f"{through}status": PUBLISHED, f"{through}published_at__lte": now})
