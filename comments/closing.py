"""Until when a post takes comments: its own switch, and the site's limit of age."""

from datetime import datetime

from django.conf import settings

from posts.models import Post


def is_open(post: Post, now: datetime) -> bool:
    """Return whether readers may comment; imported posts come with their switch off."""
    if not post.is_open_to_comments:
        return False
    limit, since = settings.COMMENTS_CLOSE_AFTER, post.published_at
    return limit is None or since is None or now < since + limit
