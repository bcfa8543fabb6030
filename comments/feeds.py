"""A post's comments as RSS 2.0: the published ones, newest first."""

from datetime import datetime

from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from comments.models import Comment
from pbrsite import mail
from posts.models import Post

SHOWN = 50


class PostComments(Feed):
    def get_object(self, request: HttpRequest, slug: str) -> Post:
        """Return the post; Django answers 404 for the DoesNotExist of a draft."""
        return Post.objects.published().only("title", "slug").get(slug=slug)

    def title(self, post: Post) -> str:
        return f"Comments on “{post.title}”"

    def link(self, post: Post) -> str:
        return mail.absolute(post.get_absolute_url())

    def feed_url(self, post: Post) -> str:
        return mail.absolute(reverse("comments:feed", args=[post.slug]))

    def description(self, post: Post) -> str:
        return f"What readers say about “{post.title}”."

    def items(self, post: Post) -> QuerySet[Comment]:
        return Comment.objects.for_feed(post)[:SHOWN]

    def item_title(self, comment: Comment) -> str:
        return f"{comment.name} on “{comment.post.title}”"

    def item_description(self, comment: Comment) -> str:
        return comment.body_html

    def item_link(self, comment: Comment) -> str:
        return mail.absolute(comment.get_absolute_url())

    def item_guid(self, comment: Comment) -> str:
        """Return the opaque id: an address may change, and the item is not new for that."""
        return comment.public_id

    item_guid_is_permalink = False

    def item_author_name(self, comment: Comment) -> str:
        return comment.name

    def item_pubdate(self, comment: Comment) -> datetime:
        return comment.created_at

    def item_updateddate(self, comment: Comment) -> datetime:
        return comment.edited_at or comment.created_at
