"""Who may do what with a post: asked by each form, action and view of the admin."""

from django.http import HttpRequest

from posts.models import Post


def may_publish(request: HttpRequest) -> bool:
    return request.user.has_perm("posts.publish_post")


def may_touch(request: HttpRequest, post: Post | None) -> bool:
    """Return whether this person may change or delete the post: everybody's drafts, say."""
    is_being_written = post is None or post.status in {Post.Status.DRAFT, Post.Status.REVIEW}
    return is_being_written or may_publish(request)
