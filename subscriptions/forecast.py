"""Which noon e-mail will carry a post, or did, or why none: the line beside the publish button.

It foresees what `digest.open_issue` does, by the same calendar and the same limits; the tests ring
the bell and compare.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, Value

from posts.models import Post
from subscriptions import noon
from subscriptions.models import Delivery, Issue, IssuePost, Kind, PlanEntry

OLDEST = noon.OLDEST[Kind.DAILY]
HOURS_TOLD = 48  # Beyond these a number of hours says less than one of days.


@dataclass(frozen=True)
class Forecast:
    """The noon e-mail's date, or None; and the reason for None, or what became of it already.

    `left_out_of` is the date of an earlier one that an editor has it left out of.
    """

    local_date: date | None
    reason: str = ""
    left_out_of: date | None = None


@dataclass(frozen=True)
class _Day:
    """A date of the daily e-mail: its issue as it stands, or that the post is left out of it."""

    local_date: date
    state: str
    carries: bool
    has_audience: bool
    is_left_out: bool


def line(post: Post, now: datetime, *, may_publish: bool = True) -> str:
    """Return the noon line in a few sentences, for who may publish or not; one query."""
    foreseen = foresee(post, now)
    if foreseen.local_date is None:
        return f"{foreseen.reason[0].upper()}{foreseen.reason[1:]}."
    words = f"in {_when(foreseen.local_date, now)}."
    if foreseen.left_out_of:
        words += f" An editor left it out of {_named(foreseen.left_out_of, now)}."
    if post.status == Post.Status.PUBLISHED:
        return f"Goes out {words}"
    condition = _condition(post, now) if may_publish else _condition_for_author(post, now)
    return f"{condition}, it goes out {words}"


def foresee(post: Post, now: datetime) -> Forecast:
    """Return the daily issue that will carry the post as it is, published now if it is not yet."""
    days = _days(post, now)
    carried = next((day for day in days if day.carries), None)
    if carried is not None:
        return Forecast(None, _what_became(carried, now))
    if post.imported_at is not None:
        return Forecast(None, "not mailed: it was imported")
    if not post.is_mailed:
        return Forecast(None, "not mailed: “send in the noon e-mail” is off")
    is_released = post.status == Post.Status.PUBLISHED
    out = post.published_at if is_released and post.published_at else post.goes_out_at(now)
    opened = {day.local_date for day in days if not day.is_left_out}
    held = {day.local_date for day in days if day.is_left_out}
    first = _next_issue(out, now, opened=opened)
    day = _next_issue(out, now, opened=opened | held)
    is_held_over = any(day - OLDEST <= left < day for left in held)
    if out < noon.of(day) - OLDEST and not is_held_over:
        return Forecast(None, f"not mailed: it is older than {OLDEST.days} days")
    return Forecast(day, left_out_of=first if first in held else None)


def _days(post: Post, now: datetime) -> list[_Day]:
    """Return what bears on the post: the daily issue that carries it, if one does, those opened
    from today on, and the days of this week on that an editor left it out of. One query.
    """
    today = now.astimezone(settings.ZONE).date()
    rows = IssuePost.objects.filter(issue=OuterRef("pk"), post=post.pk)
    audience = Delivery.objects.filter(issue=OuterRef("pk"))
    issues = Issue.objects.filter(kind=Kind.DAILY).annotate(carries=Exists(rows))
    bearing = issues.filter(Q(local_date__gte=today) | Q(carries=True)).order_by()
    columns = bearing.values_list("local_date", "state", "carries", Exists(audience), Value(False))
    entries = PlanEntry.objects.filter(
        post=post.pk, is_left_out=True, plan__kind=Kind.DAILY, plan__local_date__gte=today - OLDEST
    ).order_by()
    left_out = entries.values_list(
        "plan__local_date", Value(""), Value(False), Value(False), Value(True)
    )
    return [_Day(*row) for row in columns.union(left_out, all=True)]


def _what_became(issue: _Day, now: datetime) -> str:
    """Return where the issue stands that has carried the post."""
    on = f"{issue.local_date.day} {issue.local_date:%B}{_year(issue.local_date, now)}"
    words: str = {
        str(Issue.State.SENDING): f"is being sent in the e-mail of {on}",
        str(Issue.State.PAUSED): f"is in the e-mail of {on}, which is paused",
    }.get(issue.state, f"was sent on {on}")
    if not issue.has_audience:
        words = f"was due on {on}, when nobody was subscribed"
    return f"{words}: this edit is not mailed again"


def _next_issue(out: datetime, now: datetime, *, opened: set[date]) -> date:
    """Return the date of the first issue not frozen yet whose cutoff lies after that moment."""
    today = now.astimezone(settings.ZONE).date()
    first = today if now < noon.latest_of(today) else today + noon.DAY
    day = max(first, noon.following(out).astimezone(settings.ZONE).date())
    while day in opened:
        day += noon.DAY
    return day


def _condition(post: Post, now: datetime) -> str:
    """Return under which condition an unpublished post goes out: the button's own words."""
    again = " again" if post.status == Post.Status.WITHDRAWN else ""
    if post.not_before and post.goes_out_at(now) == post.not_before > now:
        return f"Published{again} when its embargo ends"
    if post.published_at and post.published_at > now:
        return f"Published{again} at its time"
    return f"Published{again} now"


def _condition_for_author(post: Post, now: datetime) -> str:
    """Return the same for who has no such button: somebody else must press it."""
    again = " again" if post.status == Post.Status.WITHDRAWN else ""
    if post.goes_out_at(now) > now:
        return f"If an editor schedules it{again} for then"
    return f"If an editor publishes it{again} now"


def _when(day: date, now: datetime) -> str:
    """Return "today's 12:00 e-mail, 23 min left", "tomorrow's …" or "the … of Tuesday 4 March"."""
    if day != now.astimezone(settings.ZONE).date():
        return _named(day, now)
    return f"{_named(day, now)}, {left_until(noon.of(day), now)}"


def left_until(moment: datetime, now: datetime) -> str:
    """Return "4 days left", "2 h 5 min left", "23 min left" or "any moment"."""
    return _duration(moment - now) if moment > now else "any moment"


def _named(day: date, now: datetime) -> str:
    clock = f"{settings.DIGEST_TIME:%H:%M} e-mail"
    today = now.astimezone(settings.ZONE).date()
    if day == today:
        return f"today's {clock}"
    if day == today + noon.DAY:
        return f"tomorrow's {clock}"
    return f"the {clock} of {day:%A} {day.day} {day:%B}{_year(day, now)}"


def _duration(left: timedelta) -> str:
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    if hours >= HOURS_TOLD:
        return f"{hours // 24} days left"
    if hours:
        return f"{hours} h {minutes} min left"
    return f"{minutes} min left" if minutes else "less than a minute left"


def _year(day: date, now: datetime) -> str:
    """Return the year where it is not the present one."""
    return "" if day.year == now.astimezone(settings.ZONE).year else f" {day.year}"
