"""What an editor arranges for an issue before it is frozen: words on top, the order, what waits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint

from posts.models import Post
from subscriptions.issues import Issue, Kind, freezing

LONGEST_INTRODUCTION = 300  # characters


class PlanClosed(Exception):  # noqa: N818 - it reads as what it is.
    """This e-mail has been put together already: nothing about it can be changed any more."""


class PlanChanged(Exception):  # noqa: N818 - it reads as what it is.
    """Somebody else has changed the plan since the page was opened."""


@dataclass(frozen=True)
class Arrangement:
    """What an editor wants of an issue: `order` names posts, () is the newest first."""

    introduction: str = ""
    order: tuple[int, ...] = ()
    left_out: frozenset[int] = frozenset()

    def of(self, newest_first: Sequence[int]) -> list[int]:
        """Return which of these posts go out, in order.

        What was published after somebody arranged the rest comes behind it, the newest first.
        """
        rank = {pk: number for number, pk in enumerate(self.order)}
        kept = [pk for pk in newest_first if pk not in self.left_out]
        return sorted(kept, key=lambda pk: rank.get(pk, len(rank)))


class Plan(models.Model):
    """The arrangement of one daily or weekly issue that is still to come.

    The freeze applies it in its one transaction. It stays as the record of what was left out then;
    that such a post is due again, however old it has become, rests on it (`upcoming.due`).
    """

    kind = models.CharField(max_length=8, choices=Kind)
    local_date = models.DateField()
    introduction = models.CharField(max_length=LONGEST_INTRODUCTION, blank=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["-local_date", "kind"]
        constraints = [
            UniqueConstraint(fields=["kind", "local_date"], name="subscriptions_plan_once"),
            CheckConstraint(
                name="subscriptions_plan_kind_has_noon", condition=Q(kind__in=["daily", "weekly"])
            ),
        ]

    def __str__(self) -> str:
        return f"Plan of the {self.kind} e-mail of {self.local_date:%-d %B %Y}"

    @classmethod
    def find(cls, kind: str, local_date: date) -> "Plan | None":
        """Return the plan of that issue with its entries; two queries."""
        found = cls.objects.filter(kind=kind, local_date=local_date).select_related("changed_by")
        return found.prefetch_related("entries").first()

    @classmethod
    def arrange(
        cls, issue: tuple[str, date], wanted: Arrangement, *, by: Any, at: datetime, seen: str
    ) -> "Plan":
        """Keep what is wanted of the issue (kind, date); `seen` is the stamp of what was on screen.

        Raises PlanClosed once the issue is frozen, PlanChanged when somebody else was quicker. A
        freeze that runs at this moment is waited for.
        """
        kind, local_date = issue
        with freezing():
            if Issue.objects.filter(kind=kind, local_date=local_date).exists():
                raise PlanClosed
            known = cls.objects.filter(kind=kind, local_date=local_date).first()
            if stamp(known) != seen:
                raise PlanChanged
            plan = known or cls(kind=kind, local_date=local_date)
            plan.introduction, plan.changed_by, plan.changed_at = wanted.introduction, by, at
            plan.save()
            plan.entries.all().delete()
            PlanEntry.objects.bulk_create(_entries(plan, wanted))
        return plan

    def arrangement(self) -> Arrangement:
        """Return what is wanted; no query for a plan that `find` returned."""
        entries = list(self.entries.all())
        placed = sorted((entry.position, entry.post_id) for entry in entries
                        if entry.position is not None)  # fmt: skip
        out = frozenset(entry.post_id for entry in entries if entry.is_left_out)
        return Arrangement(self.introduction, tuple(pk for _, pk in placed), out)


def stamp(plan: Plan | None) -> str:
    """Return what tells one state of a plan from another; "" when there is none."""
    return plan.changed_at.isoformat() if plan else ""


def _entries(plan: Plan, wanted: Arrangement) -> "Iterable[PlanEntry]":
    order = [pk for pk in dict.fromkeys(wanted.order) if pk not in wanted.left_out]
    for position, pk in enumerate(order):
        yield PlanEntry(plan=plan, post_id=pk, position=position)
    for pk in sorted(wanted.left_out):
        yield PlanEntry(plan=plan, post_id=pk, is_left_out=True)


class PlanEntry(models.Model):
    """A post's place in a plan, or that it waits until the next noon."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="entries")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(null=True)
    is_left_out = models.BooleanField(default=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            UniqueConstraint(fields=["plan", "post"], name="subscriptions_planentry_once"),
            CheckConstraint(
                name="subscriptions_planentry_placed_or_out",
                condition=Q(position=None, is_left_out=True)
                | Q(position__isnull=False, is_left_out=False),
            ),
        ]

    def __str__(self) -> str:
        return f"post {self.post_id} in plan {self.plan_id}"
