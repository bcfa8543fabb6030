"""What the public sees, as a condition: said here once, for posts and what leads to them."""

from datetime import datetime

from django.db.models import Q

PUBLISHED = "published"
UNFINISHED = ["draft", "review"]


def published(now: datetime, *, through: str = "") -> Q:
    """Return the condition on a post, or on the post reached `through` a relation's name."""
    return Q(**{f"{through}status": PUBLISHED, f"{through}published_at__lte": now})
