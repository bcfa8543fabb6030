"""Comments as feeds: a post's in RSS 2.0, the whole site's in three formats; newest first."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from comments.models import Comment
from pbrsite import pagecache, syndication
from pbrsite.mail import absolute
from pbrsite.syndication import Channel, Entry, Writer
from posts.models import Post

SHOWN = 50


@require_safe
def comments(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the feed of a public post; three queries."""
    changed_at, now = pagecache.changed_at(), timezone.now()
    posts = Post.objects.published(now).only("title", "slug", "is_retracted")
    post = get_object_or_404(posts, slug=slug)
    channel = Channel(
        id=absolute(post.get_absolute_url()),
        title=f"Comments on “{post.display_title}”",
        description=f"What readers say about “{post.display_title}”.",
        url=absolute(post.get_absolute_url()),
        feed_url=absolute(request.path),
        entries=tuple(map(_entry, Comment.objects.for_feed(now, post)[:SHOWN])),
    )
    return syndication.answer(request, channel, changed_at=changed_at)


@require_safe
def latest(request: HttpRequest, kind: str = "rss") -> HttpResponse:
    """Return the site's newest comments, as `rss`, `atom` or `json`; two queries."""
    changed_at, now = pagecache.changed_at(), timezone.now()
    channel = Channel(
        id=absolute("/comments/"),  # Of no page: it names the feed, whatever its format.
        title=f"Comments · {settings.SITE_NAME}",
        description=f"What readers say at {settings.SITE_NAME}.",
        url=absolute("/"),
        feed_url=absolute(request.path),
        entries=tuple(map(_entry, Comment.objects.for_feed(now)[:SHOWN])),
    )
    return syndication.answer(request, channel, kind, changed_at=changed_at)


def _entry(comment: Comment) -> Entry:
    edits = (comment.edited_at, comment.staff_edited_at)
    return Entry(
        id=comment.public_id,  # An address may change, and the entry is not new for that.
        url=absolute(comment.get_absolute_url()),
        title=f"{comment.name} on “{comment.post.display_title}”",
        html=comment.body_html,
        is_whole=False,
        published_at=comment.created_at,
        updated_at=max(filter(None, edits), default=comment.created_at),
        writers=(Writer(comment.name),),
    )
