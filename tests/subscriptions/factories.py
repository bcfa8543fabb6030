"""Subscribers and frozen issues for the tests of this room."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from posts.models import Post, Tag
from subscriptions import digest
from subscriptions.models import Delivery, Edition, Issue, Subscriber
from tests.factories import make_post

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # A Wednesday in winter: London is on UTC.
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
_numbers = count(1)


def make_subscriber(*, topics: tuple[Tag, ...] = (), **values: Any) -> Subscriber:
    """Return a saved subscriber, active for a month unless told otherwise."""
    defaults = {
        "email": f"reader-{next(_numbers)}@example.org",
        "state": Subscriber.State.ACTIVE,
        "active_since": NOON - 30 * DAY,
    }
    subscriber = Subscriber.objects.create(**defaults | values)
    subscriber.topics.set(topics)
    return subscriber


def make_subscribers(count: int, **values: Any) -> None:
    """Save so many active people in one query."""
    defaults = {"state": Subscriber.State.ACTIVE, "active_since": NOON - 30 * DAY} | values
    emails = [f"reader-{next(_numbers)}@example.org" for _ in range(count)]
    Subscriber.objects.bulk_create(Subscriber(email=email, **defaults) for email in emails)


def make_due_post(*, before: timedelta = HOUR, noon: datetime = NOON, **values: Any) -> Post:
    """Return a post published an hour before noon."""
    return make_post(**{"published_at": noon - before} | values)


def open_issue(*, people: int = 1, noon: datetime = NOON, **post: Any) -> Issue:
    """Return the frozen issue of that noon, with one post and so many people."""
    make_subscribers(people)
    make_due_post(noon=noon, **post)
    issue = digest.open_issue(noon + SECOND)
    assert issue is not None
    return issue


def sent_delivery(subscriber: Subscriber, noon: datetime = NOON) -> Delivery:
    """Return what the relay took for a person that noon; its issue is made when there is none."""
    issue, _ = Issue.objects.get_or_create(
        kind="daily", local_date=noon.date(),
        defaults={"scheduled_for": noon, "cutoff": noon, "frozen_at": noon, "state": "done",
                  "done_at": noon},
    )  # fmt: skip
    edition, _ = Edition.objects.get_or_create(issue=issue, fresh=[1], again=[])
    return Delivery.objects.create(
        issue=issue, subscriber=subscriber, edition=edition, state="sent", attempt=1, at=noon
    )
