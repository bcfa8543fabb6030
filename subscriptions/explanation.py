"""Why somebody did, or did not, get an issue: the answer for staff, in one screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from subscriptions.models import ConsentEvent, Delivery, Issue, Subscriber

ISSUES_SHOWN = 30


@dataclass(frozen=True)
class Line:
    issue: Issue
    state: str
    words: str
    at: datetime


def explain(subscriber: Subscriber) -> list[Line]:
    """Return one line for each of the last issues, newest first; four queries."""
    own = subscriber.deliveries.select_related("issue").defer("issue__html", "issue__text")
    own = own.prefetch_related("mail_events")
    deliveries = {line.issue_id: line for line in own.order_by("-pk")[:ISSUES_SHOWN]}
    others = Issue.objects.filter(kind=subscriber.frequency).defer("html", "text")
    issues = {issue.pk: issue for issue in others.order_by("-frozen_at")[:ISSUES_SHOWN]}
    issues |= {line.issue_id: line.issue for line in deliveries.values()}
    events = list(subscriber.events.all())
    newest = sorted(issues.values(), key=lambda issue: (issue.frozen_at, issue.pk), reverse=True)
    return [_line(issue, deliveries.get(issue.pk), events) for issue in newest[:ISSUES_SHOWN]]


def _line(issue: Issue, delivery: Delivery | None, events: Sequence[ConsentEvent]) -> Line:
    if delivery is None:
        return Line(issue, "none", _absence(issue, events), issue.frozen_at)
    words = delivery.get_state_display()
    if delivery.attempt:
        words += f", attempt {delivery.attempt}"
    if delivery.smtp_reply:
        words += f": {delivery.smtp_reply}"
    words += "".join(f". Then {event.in_words()}" for event in delivery.mail_events.all())
    return Line(issue, delivery.state, words, delivery.at)


def _absence(issue: Issue, events: Sequence[ConsentEvent]) -> str:
    """Return why there is no delivery of this issue for a person with these events."""
    if issue.state in {Issue.State.EMPTY, Issue.State.SKIPPED_LATE}:
        return f"Nobody got it. {issue.get_state_display()}"
    state = state_at(issue.frozen_at, events)
    if state != Subscriber.State.ACTIVE:
        label = Subscriber.State(state).label.lower() if state else "not known here yet"
        return f"Was {label} at that noon"
    return "No post in it on the chosen topics that had not gone to this person before"


def state_at(moment: datetime, events: Sequence[ConsentEvent]) -> str:
    """Return the state at a moment as the events tell it; "" before the first."""
    return next((event.to_state for event in reversed(events) if event.at <= moment), "")
