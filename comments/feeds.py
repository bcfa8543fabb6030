"""A post's comments as RSS 2.0: the published ones, newest first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
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
    changed_at = pagecache.changed_at()
    posts = Post.objects.published().only("title", "slug", "is_retracted")
    post = get_object_or_404(posts, slug=slug)
    channel = Channel(
        id=absolute(post.get_absolute_url()),
        title=f"Comments on “{post.display_title}”",
        description=f"What readers say about “{post.display_title}”.",
        url=absolute(post.get_absolute_url()),
        feed_url=absolute(request.path),
        entries=tuple(_entry(row, post) for row in Comment.objects.for_feed(post)[:SHOWN]),
    )
    return syndication.answer(request, channel, changed_at=changed_at)


def _entry(comment: Comment, post: Post) -> Entry:
    return Entry(
        id=comment.public_id,  # An address may change, and the entry is not new for that.
        url=absolute(comment.get_absolute_url()),
        title=f"{comment.name} on “{post.display_title}”",
        html=comment.body_html,
        is_whole=False,
        published_at=comment.created_at,
        updated_at=comment.edited_at or comment.created_at,
        writers=(Writer(comment.name),),
    )
