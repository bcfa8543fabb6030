"""Archives by year, month and day, in the site's zone, with counts."""

from calendar import Calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.views.decorators.http import require_safe

from posts.pagination import page_context, to_one_address
from posts.postlists import PostList, midnight

Unit = Literal["year", "month", "day"]
LABEL: dict[Unit, str] = {"year": "Y", "month": "F Y", "day": "j F Y"}
PATH: dict[Unit, str] = {"year": "/Y/", "month": "/Y/m/", "day": "/Y/m/d/"}
UNITS: tuple[Unit, ...] = ("year", "month", "day")


@dataclass(frozen=True)
class Period:
    """A calendar year, month or day; half-open, from its first local midnight to the next one's."""

    unit: Unit
    first: date

    @classmethod
    def around(cls, unit: Unit, day: date) -> "Period":
        """Return the year, month or day which that day is in."""
        first = {"year": day.replace(month=1, day=1), "month": day.replace(day=1), "day": day}
        return cls(unit, first[unit])

    @property
    def start(self) -> datetime:
        return midnight(self.first)

    @property
    def end(self) -> datetime:
        if self.unit == "day":
            return midnight(self.first + timedelta(days=1))
        if self.unit == "year" or self.first.month == 12:
            return midnight(date(self.first.year + 1, 1, 1))
        return midnight(self.first.replace(month=self.first.month + 1))

    @property
    def label(self) -> str:
        return format_date(self.first, LABEL[self.unit])

    @property
    def url(self) -> str:
        return format_date(self.first, PATH[self.unit])

    def link(self, **more: Any) -> dict[str, Any]:
        return {"label": self.label, "url": self.url, **more}

    def above(self) -> list[dict[str, Any]]:
        """Return links to the larger periods it is part of, the largest first."""
        larger = UNITS[: UNITS.index(self.unit)]
        return [Period.around(unit, self.first).link() for unit in larger]


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    """List every year that has posts, with its months. Three queries."""
    counts = PostList.of_all(timezone.now()).counts_by_month()
    years = [
        Period("year", date(year, 1, 1)).link(
            count=sum(count for month, count in counts.items() if month.year == year),
            months=_months(year, counts),
        )
        for year in sorted({month.year for month in counts}, reverse=True)
    ]
    return render(request, "posts/archive.html", {"years": years})


@require_safe
def period_archive(
    request: HttpRequest, year: str, month: str = "", day: str = "", number: str = "1"
) -> HttpResponse:
    """List the posts of a year, month or day, beside its calendar. Six queries at most."""
    period = _period(year, month, day)
    posts = PostList.of_all(timezone.now()).between(period.start, period.end)
    if not posts.count():
        raise Http404("Nothing was published then.")
    if moved := to_one_address(request, int(number), base=period.url):
        return moved
    context: dict[str, Any] = {"period": period, "post_count": posts.count()}
    context |= page_context(posts, int(number), base=period.url)
    context |= _neighbours(period, posts) | _calendar(period, posts)
    return render(request, "posts/period.html", context)


def _period(year: str, month: str, day: str) -> Period:
    unit: Unit = "day" if day else "month" if month else "year"
    try:
        # Beyond these years a local midnight has no UTC moment that Python can hold.
        first = date(min(max(int(year), 2), 9998), int(month or 1), int(day or 1))
    except ValueError as error:
        raise Http404("There is no such date.") from error
    return Period(unit, first)


def _neighbours(period: Period, posts: PostList) -> dict[str, Any]:
    """Return the nearest periods of the same unit that have posts, before and after."""
    found = zip(("previous", "next"), posts.around(), strict=True)
    return {
        name: moment
        and Period.around(period.unit, moment.astimezone(settings.ZONE).date()).link()
        for name, moment in found
    }  # fmt: skip


def _calendar(period: Period, posts: PostList) -> dict[str, Any]:
    """Return the months of a year, or the weeks of the month that is shown or has the day."""
    if period.unit == "year":
        return {"months": _months(period.first.year, posts.counts_by_month())}
    month = Period.around("month", period.first)
    counts = posts.between(month.start, month.end).counts_by_day(month.first)
    weeks = Calendar().monthdatescalendar(month.first.year, month.first.month)
    return {
        "month": month,
        "weeks": [[_day(day, month, counts) for day in week] for week in weeks],
        "here": period.first if period.unit == "day" else None,
    }


def _months(year: int, counts: dict[date, int]) -> list[dict[str, Any]]:
    """Return the twelve months of the year, those without posts with a count of 0."""
    months = [date(year, number, 1) for number in range(1, 13)]
    return [
        Period("month", month).link(count=counts.get(month, 0), name=format_date(month, "F"))
        for month in months
    ]


def _day(day: date, month: Period, counts: dict[date, int]) -> dict[str, Any] | None:
    """Return a day of the calendar; None for one of another month, which fills its week."""
    if day.month != month.first.month:
        return None
    return Period("day", day).link(count=counts.get(day, 0), date=day)
