"""The next issue as it would be frozen now: its moment, its posts in order, and to how many.

`digest` freezes by the same `due` and the same plan, so what is shown here is what goes out.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q

from posts.models import Post, PostQuerySet
from subscriptions import audience, noon
from subscriptions.models import Issue, IssuePost, Kind, Plan, PlanEntry
from subscriptions.plans import Arrangement

WEEK = 7 * noon.DAY
# A post that an editor left out is due again however old: only a plan younger than OLDEST keeps it.
_ANY_AGE = timedelta(days=36_500)
COLUMNS = ("title", "slug", "published_at", "status", "topic__name")


@dataclass(frozen=True)
class Upcoming:
    """What the next issue of a kind would be if nothing changed until then."""

    kind: str
    local_date: date
    goes_at: datetime
    posts: list[Post]
    left_out: list[Post]
    audience: int
    plan: Plan | None

    @property
    def introduction(self) -> str:
        return self.plan.introduction if self.plan else ""

    @property
    def is_late(self) -> bool:
        """Return whether its own noon has gone by: it goes with another day's."""
        return self.goes_at > noon.of(self.local_date)

    @property
    def subscribers(self) -> str:
        return f"{self.audience:,} subscriber{'' if self.audience == 1 else 's'}"

    def as_issue(self, now: datetime) -> Issue:
        """Return the issue as the freeze would write it, not saved."""
        return Issue(kind=self.kind, local_date=self.local_date, introduction=self.introduction,
                     scheduled_for=self.goes_at, cutoff=self.goes_at, frozen_at=now)  # fmt: skip


def next_issue(kind: str, now: datetime) -> Upcoming:
    """Return the next daily or weekly issue; at most six queries, whatever the audience."""
    day = next_date(kind, now, opened=_opened(kind, now))
    goes_at = _goes_at(kind, day, now)
    plan = Plan.find(kind, day)
    wanted = plan.arrangement() if plan else Arrangement()
    rows = due(kind, noon.of(day)).newest_first().select_related("topic").only(*COLUMNS)
    posts = {post.pk: post for post in rows}
    order = wanted.of(list(posts))
    return Upcoming(
        kind, day, goes_at,
        posts=[posts[pk] for pk in order],
        left_out=[post for pk, post in posts.items() if pk in wanted.left_out],
        audience=audience.foresee(kind, order, at=goes_at),
        plan=plan,
    )  # fmt: skip


def due(kind: str, cutoff: datetime) -> PostQuerySet:
    """Return posts due for an issue of this kind: whatever no issue of it has carried.

    What an editor left out of the last issues stays due when it has grown too old by that.
    """
    carried = IssuePost.objects.filter(kind=kind).values("post_id")
    oldest = noon.OLDEST[Kind(kind)]
    held = _held_over(kind, cutoff)
    young = Post.objects.for_digest(cutoff=cutoff, oldest=oldest)
    if held:
        young = Post.objects.for_digest(cutoff=cutoff, oldest=_ANY_AGE).filter(
            Q(published_at__gte=cutoff - oldest) | Q(pk__in=held)
        )
    return young.exclude(pk__in=carried)


def next_date(kind: str, now: datetime, *, opened: set[date]) -> date:
    """Return the date of the first issue of this kind that is not frozen yet."""
    today = now.astimezone(settings.ZONE).date()
    if kind == Kind.WEEKLY:
        day, step = noon.friday_of(today), WEEK
        lapses = noon.latest_of(day + (noon.SUNDAY - noon.FRIDAY) * noon.DAY)
    else:
        day, step, lapses = today, noon.DAY, noon.latest_of(today)
    day = day if now < lapses else day + step
    while day in opened:
        day += step
    return day


def _opened(kind: str, now: datetime) -> set[date]:
    since = now.astimezone(settings.ZONE).date() - WEEK
    rows = Issue.objects.filter(kind=kind, local_date__gte=since)
    return set(rows.values_list("local_date", flat=True))


def _goes_at(kind: str, day: date, now: datetime) -> datetime:
    """Return when it goes: its noon, or for a week that waits the next; `now` when any moment."""
    if noon.of(day) > now:
        return noon.of(day)
    today = now.astimezone(settings.ZONE).date()
    is_daytime = noon.of(today) <= now < noon.latest_of(today)
    return now if is_daytime else noon.following(now)


def _held_over(kind: str, cutoff: datetime) -> list[int]:
    if kind == Kind.INSTANT:
        return []
    day = cutoff.astimezone(settings.ZONE).date()
    entries = PlanEntry.objects.filter(
        is_left_out=True, plan__kind=kind, plan__local_date__lt=day,
        plan__local_date__gte=day - noon.OLDEST[Kind(kind)],
    )  # fmt: skip
    return list(entries.values_list("post_id", flat=True).order_by("post_id").distinct())
