"""Why somebody did, or did not, get an issue: the answer for staff, in one screen."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from posts.models import TaggedPost
from subscriptions import addresses, standings
from subscriptions.models import (
    ConsentEvent,
    Delivery,
    DeliveryItem,
    Issue,
    IssuePost,
    Kind,
    Subscriber,
)

ISSUES_SHOWN = 30


@dataclass(frozen=True)
class Line:
    issue: Issue
    state: str
    words: str
    at: datetime

    @property
    def label(self) -> str:
        return "no copy" if self.state == "none" else self.state


@dataclass(frozen=True)
class Answer:
    """All that is known of one address: sentences, its history, and its last issues."""

    address: str
    standing: list[str]
    subscriber: Subscriber | None = None
    events: list[ConsentEvent] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True)
class Background:
    """What the reasons are read from, for all issues at once."""

    subscriber: Subscriber
    events: Sequence[ConsentEvent]
    topics: dict[int, str]  # chosen, by number
    posts: dict[int, set[int]]  # of each issue
    tags: dict[int, set[int]]  # of each post
    items: Sequence[Any]  # that ever went to this person, in order
    issues: dict[int, Issue]  # by the delivery that brought them


def answer(typed: str, now: datetime) -> Answer:
    """Return what is known of an address somebody typed; raises ImpossibleAddress."""
    address = addresses.normalise(typed)
    subscriber = Subscriber.objects.with_address(address).first()
    if subscriber is None:
        return Answer(address, standings.of_stranger(address))
    events = list(subscriber.events.all())
    return Answer(address, standings.of_subscriber(subscriber, now), subscriber, events,
                  explain(subscriber))  # fmt: skip


def explain(subscriber: Subscriber) -> list[Line]:
    """Return one line for each of the last issues, newest first; eight queries."""
    own = subscriber.deliveries.select_related("issue").defer("issue__html", "issue__text")
    own = own.prefetch_related("mail_events")
    deliveries = {line.issue_id: line for line in own.order_by("-pk")[:ISSUES_SHOWN]}
    kinds = {subscriber.frequency, Kind.DAILY}
    others = Issue.objects.filter(kind__in=kinds).defer("html", "text")
    issues = {issue.pk: issue for issue in others.order_by("-frozen_at")[:ISSUES_SHOWN]}
    issues |= {line.issue_id: line.issue for line in deliveries.values()}
    newest = sorted(issues.values(), key=lambda issue: (issue.frozen_at, issue.pk), reverse=True)
    shown = newest[:ISSUES_SHOWN]
    background = _background(subscriber, shown)
    return [_line(issue, deliveries.get(issue.pk), background) for issue in shown]


def _background(subscriber: Subscriber, issues: Iterable[Issue]) -> Background:
    posts, tags = defaultdict(set), defaultdict(set)
    rows = IssuePost.objects.filter(issue__in=[issue.pk for issue in issues])
    for issue_id, post_id in rows.values_list("issue_id", "post_id"):
        posts[issue_id].add(post_id)
    carried = set().union(*posts.values())
    tagged = TaggedPost.objects.filter(content_object__in=carried)
    for post_id, tag_id in tagged.values_list("content_object_id", "tag_id"):
        tags[post_id].add(tag_id)
    # The ledger's items have no index of their own by post: the person's is the way in.
    items = DeliveryItem.objects.filter(subscriber=subscriber, post__in=carried).order_by("pk")
    brought = items.select_related("delivery__issue").only(
        "post", "repeat", "delivery__issue__kind", "delivery__issue__local_date"
    )
    return Background(
        subscriber, list(subscriber.events.all()),
        dict(subscriber.topics.values_list("pk", "name")), posts, tags, list(brought),
        {item.delivery_id: item.delivery.issue for item in brought},
    )  # fmt: skip


def _line(issue: Issue, delivery: Delivery | None, background: Background) -> Line:
    if delivery is None:
        return Line(issue, "none", _absence(issue, background), issue.frozen_at)
    words = delivery.get_state_display()
    if delivery.attempt:
        words += f", attempt {delivery.attempt}"
    if delivery.smtp_reply:
        words += f": {delivery.smtp_reply}"
    words += "".join(f". Then {event.in_words()}" for event in delivery.mail_events.all())
    if delivery.resent_at:
        words += f". Opened again by hand on {_day(delivery.resent_at)}"
    return Line(issue, delivery.state, words + _repair(delivery, background), delivery.at)


def _repair(delivery: Delivery, background: Background) -> str:
    """Return which later issue brought the same posts again, if one did."""
    mine = {item.post_id: item.pk for item in background.items if item.delivery_id == delivery.pk}
    later = [
        item.delivery_id for item in background.items
        if item.repeat and item.pk > mine.get(item.post_id, item.pk)
    ]  # fmt: skip
    again = background.issues[later[0]] if later else None
    return f". Its posts came again with: {again}" if again else ""


def _absence(issue: Issue, background: Background) -> str:
    """Return why there is no delivery of this issue for that person."""
    if issue.state in {Issue.State.EMPTY, Issue.State.SKIPPED_LATE}:
        return f"Nobody got it. {issue.get_state_display()}"
    subscriber, changed_at = background.subscriber, background.subscriber.frequency_changed_at
    event = event_at(issue.frozen_at, background.events)
    if event is None and background.events:
        return f"Joined later, on {_day(background.events[0].at)}"
    if event and event.to_state != Subscriber.State.ACTIVE:
        label = Subscriber.State(event.to_state).label.lower()
        return f"Was {label} at that noon, since {_day(event.at)} ({event.method})"
    rhythm = subscriber.get_frequency_display().lower()
    if changed_at and issue.frozen_at < changed_at:
        return f"Had another rhythm at that noon; changed it on {_day(changed_at)} to “{rhythm}”"
    if issue.kind != subscriber.frequency:
        return f"Chose “{rhythm}” and gets other e-mails than this"
    return _nothing_for(issue, background)


def _nothing_for(issue: Issue, background: Background) -> str:
    """Return why none of its posts was for somebody who was there to get it."""
    posts, topics = background.posts[issue.pk], background.topics
    wanted = {pk for pk in posts if not topics or background.tags[pk] & topics.keys()}
    if not wanted:
        return f"None of its posts is on the topics chosen: {', '.join(topics.values())}"
    had = [item for item in background.items if item.post_id in wanted]
    if {item.post_id for item in had} >= wanted:
        return f"Had its posts already, with: {background.issues[had[0].delivery_id]}"
    return "No post in it on the topics chosen then; they or its tags have changed since"


def event_at(moment: datetime, events: Sequence[ConsentEvent]) -> ConsentEvent | None:
    """Return the last change of state before a moment."""
    return next((event for event in reversed(events) if event.at <= moment), None)


def state_at(moment: datetime, events: Sequence[ConsentEvent]) -> str:
    """Return the state at a moment as the events tell it; "" before the first."""
    event = event_at(moment, events)
    return event.to_state if event else ""


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%-d %B %Y, %H:%M}"
