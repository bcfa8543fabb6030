"""The stored search index of each post, and ranked search over it."""

from posts.models import PostQuerySet


def index(posts: PostQuerySet) -> None:
    """Bring the stored vectors of these posts up to date."""
