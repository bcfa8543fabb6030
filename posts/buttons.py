"""What may be done with a post besides saving it, in the words its buttons say."""

from dataclasses import dataclass
from datetime import datetime

from posts import moments
from posts.models import Post


@dataclass(frozen=True)
class Button:
    """A submit button of the form: its name in the request, and what it says will happen."""

    name: str
    label: str


def offered(post: Post, now: datetime, *, may_publish: bool) -> list[Button]:
    """Return what is possible with the post as it stands, for somebody who may change it."""
    found = []
    if post.status == Post.Status.DRAFT:
        found.append(Button("_submit", "Submit for review"))
    if post.status == Post.Status.REVIEW or (post.is_scheduled(now) and may_publish):
        found.append(Button("_return", "Send back to draft"))
    if may_publish and post.is_published(now):
        found.append(Button("_withdraw", "Withdraw"))
    elif may_publish and not (post.is_scheduled(now) and _is_embargoed(post, now)):
        found.append(Button("_publish", publish_label(post, now)))
    return found


def publish_label(post: Post, now: datetime) -> str:
    """Return what publishing does now, with the fields as they stand."""
    if post.is_scheduled(now):
        return "Publish now"
    at = post.goes_out_at(now)
    if at > now:
        return f"Schedule for {moments.in_brief(at, now)}"
    again = " again" if post.status == Post.Status.WITHDRAWN else ""
    return (
        f"Publish{again}, dated {moments.in_brief(at, now)}" if at < now else f"Publish{again} now"
    )


def _is_embargoed(post: Post, now: datetime) -> bool:
    return post.not_before is not None and post.not_before > now
