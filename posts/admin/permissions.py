"""Who may do what with a post: asked by each form, action and view of the admin."""

from django.http import HttpRequest

from posts.models import Post


def may_publish(request: HttpRequest) -> bool:
    return request.user.has_perm("posts.publish_post")


def may_see(request: HttpRequest, post: Post | None) -> bool:
    """Return whether this person may look at the post behind the scenes: an editor, its author."""
    return post is None or post.is_open_to(request.user)


def may_touch(request: HttpRequest, post: Post | None) -> bool:
    """Return whether this person may change or delete the post: an author, their own drafts."""
    if post is None or may_publish(request):
        return True
    return post.is_unfinished() and post.is_open_to(request.user)
