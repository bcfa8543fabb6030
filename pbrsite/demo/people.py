"""Load what the demo's invented readers did: comments, subscriptions, two past digests."""

from datetime import datetime, time, timedelta
from typing import Any

from django.conf import settings

from comments import notices
from comments.models import Comment
from pbrsite.demo.writing import read
from posts.models import Post, Tag
from subscriptions import digest
from subscriptions.consent import Suppression
from subscriptions.models import Delivery, Issue, Subscriber

RECENT = {"held", "spam"}  # These are pruned when old, so they are written just now.


def load_comments(now: datetime) -> int:
    """Load the comments in all states; return how many. Parents come before their replies."""
    rows = read("comments.toml")["comments"]
    made: dict[str, Comment] = {}
    waiting = 0
    for row in rows:
        post = Post.objects.get(slug=row["post"])
        written_at = (post.published_at or now) + timedelta(minutes=row["minutes_after_post"])
        if row["state"] in RECENT:
            waiting += 1
            written_at = now - timedelta(hours=2 * waiting)
        comment = Comment.objects.create(
            post=post, parent=made.get(row.get("parent", "")), name=row["name"],
            body=row["body"].strip(), state=row["state"], is_staff=row.get("is_staff", False),
            created_at=written_at,
            decided_at=None if row["state"] == "held" else written_at + timedelta(minutes=40),
        )  # fmt: skip
        notices.keep_contact(comment, email=row["email"])
        made[row["key"]] = comment
    return len(rows)


def load_subscribers(now: datetime) -> tuple[int, int]:
    """Load subscribers in all states and past issues; return the number of each."""
    data = read("subscribers.toml")
    people = [(row, _sign_up(row)) for row in data["subscribers"]]
    for row in data["issues"]:
        _send_issue(datetime.combine(row["local_date"], time(12, 1), settings.ZONE))
    for row, subscriber in people:
        _bring_into_state(subscriber, row["state"], now)
    return len(people), len(data["issues"])


def _sign_up(row: dict[str, Any]) -> Subscriber:
    at = datetime.combine(row["subscribed_on"], time(19, 20), settings.ZONE)
    subscriber = Subscriber.objects.create(email=row["email"], frequency=row["frequency"])
    Subscriber.objects.filter(pk=subscriber.pk).update(created_at=at)
    subscriber.topics.set(Tag.objects.filter(slug__in=row.get("tags", [])))
    if row["state"] != "pending":
        subscriber.confirm(at=at + timedelta(minutes=7))
    return subscriber


def _send_issue(noon: datetime) -> None:
    """Freeze the issue as that noon would have, and write the ledger as if a relay took it all."""
    issue = digest.open_issue(noon)
    if issue is None:
        return
    at = noon + timedelta(seconds=20)
    Delivery.objects.filter(issue=issue).update(
        state=Delivery.State.SENT, attempt=1, next_at=None, smtp_reply="250 2.0.0 Ok", at=at
    )
    Issue.objects.filter(pk=issue.pk).update(state=Issue.State.DONE, done_at=at)


def _bring_into_state(subscriber: Subscriber, state: str, now: datetime) -> None:
    if state == "pending":
        subscriber.new_confirmation(at=now)
        Subscriber.objects.filter(pk=subscriber.pk).update(created_at=now)
    elif state == "paused":
        subscriber.pause(until=now + timedelta(days=30), at=now, method="preferences")
    elif state == "unsubscribed":
        subscriber.leave(at=now, method="one click")
    elif state == "bounced":
        subscriber.suppress(Suppression.Reason.BOUNCE, at=now, method="550 5.1.1")
    elif state == "complained":
        subscriber.suppress(Suppression.Reason.COMPLAINT, at=now, method="feedback loop")
