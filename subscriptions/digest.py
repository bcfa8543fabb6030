"""The noon bell: open the issues that are due, and freeze each in one transaction."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.conf import settings

from posts.models import Post, PostQuerySet, ScheduledChange
from subscriptions import audience, editions, noon
from subscriptions.issues import freezing
from subscriptions.models import Issue, IssuePost, Kind, Plan, Subscriber
from subscriptions.plans import Arrangement
from subscriptions.upcoming import due

logger = logging.getLogger(__name__)


def ring(now: datetime) -> list[Issue]:
    """Open whatever is due at that moment; return the new issues. Harmless at any time."""
    ScheduledChange.objects.apply_due(now)  # What is mailed is what the site shows at noon.
    Subscriber.objects.wake(at=now)
    opened = [
        _attempt(kind, partial(open_issue, now, kind=kind)) for kind in (Kind.DAILY, Kind.WEEKLY)
    ]
    opened += [
        _attempt(f"post {post.pk}", partial(open_instant, post, now))
        for post in due(Kind.INSTANT, now).order_by("pk")
    ]
    return [issue for issue in opened if issue is not None]


def _attempt(what: str, opening: Callable[[], Issue | None]) -> Issue | None:
    """Open an issue or log that it failed: one broken post must not silence all the others.

    The next ring tries again. Of the error only its kind is logged: its words may quote anything.
    """
    try:
        return opening()
    except Exception as error:  # noqa: BLE001 - whatever a post can break in its rendering
        logger.error("The issue of %s was not opened: %s", what, type(error).__name__)  # noqa: TRY400
        return None


def open_issue(now: datetime, *, kind: str = Kind.DAILY) -> Issue | None:
    """Open the issue of the noon that passed last, unless there is one; return it or None.

    However many processes call this at once, one of them opens it. Late in the day the issue is
    only noted as skipped: its posts belong to no issue yet and go out tomorrow.
    """
    moment = noon.passed(kind, now)
    if moment is None or Issue.objects.filter(kind=kind, local_date=moment.local_date).exists():
        return None
    noon_at = moment.scheduled_for
    state = _state_when_late(kind, noon_at) if moment.is_late else Issue.State.SENDING
    with freezing():
        issue, is_new = Issue.objects.get_or_create(
            kind=kind,
            local_date=moment.local_date,
            defaults={
                "scheduled_for": noon_at,
                "cutoff": noon_at,
                "frozen_at": now,
                "state": state,
            },
        )
        if is_new and not moment.is_late:
            plan = Plan.find(kind, issue.local_date)
            wanted = plan.arrangement() if plan else Arrangement()
            _freeze(issue, due(kind, issue.cutoff), wanted)
    return issue if is_new else None


def _state_when_late(kind: str, cutoff: datetime) -> Issue.State:
    missed = due(kind, cutoff).exists()
    return Issue.State.SKIPPED_LATE if missed else Issue.State.EMPTY


def open_instant(post: Post, now: datetime) -> Issue | None:
    """Open the issue of one post for those who want each at once; None when there is one."""
    local_date = now.astimezone(settings.ZONE).date()
    with freezing():
        issue, is_new = Issue.objects.get_or_create(
            kind=Kind.INSTANT,
            post=post,
            defaults={
                "local_date": local_date,
                "scheduled_for": post.published_at or now,
                "cutoff": now,
                "frozen_at": now,
            },
        )
        if is_new:
            _freeze(issue, due(Kind.INSTANT, now).filter(pk=post.pk), Arrangement())
    return issue if is_new else None


def _freeze(issue: Issue, posts: PostQuerySet, wanted: Arrangement) -> None:
    """Fix what goes out and to whom; from here on only the ledger changes."""
    chosen = wanted.of(list(posts.newest_first().values_list("pk", flat=True)))
    issue.introduction = wanted.introduction
    IssuePost.objects.bulk_create(
        IssuePost(issue=issue, kind=issue.kind, post_id=pk, position=position)
        for position, pk in enumerate(chosen)
    )
    sets = audience.divide(issue)
    editions.render(issue, chosen, sets)
    people = audience.enrol(issue)
    if not people:
        issue.state = Issue.State.DONE if chosen else Issue.State.EMPTY
        issue.done_at = issue.frozen_at
    issue.save()
