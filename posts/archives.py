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
YEARS = range(2, 9999)  # Beyond them a local midnight has no UTC moment that Python can hold.
MONTH_NAMES = [format_date(date(2000, number, 1), "F") for number in range(1, 13)]
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
        parts = self.first.isoformat().split("-")[: UNITS.index(self.unit) + 1]
        return f"/{'/'.join(parts)}/"

    def link(self) -> dict[str, str]:
        return {"label": self.label, "url": self.url}

    def above(self) -> list[dict[str, str]]:
        """Return links to the larger periods it is part of, the largest first."""
        larger = UNITS[: UNITS.index(self.unit)]
        return [Period.around(unit, self.first).link() for unit in larger]


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    """List every year that has posts, with its months. Three queries."""
    counts = PostList.of_all(timezone.now()).counts_by_month()
    years = []
    for number in sorted({month.year for month in counts}, reverse=True):
        months = _months(number, counts)
        count = sum(month["count"] for month in months)
        years.append(Period("year", date(number, 1, 1)).link() | {"count": count, "months": months})
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
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError as error:
        raise Http404("There is no such date.") from error
    if first.year not in YEARS:
        raise Http404("Nothing was published then.")
    return Period(unit, first)


def _neighbours(period: Period, posts: PostList) -> dict[str, Any]:
    """Return the nearest periods of the same unit that have posts, before and after."""
    before, after = posts.around()
    return {"previous": _link(period.unit, before), "next": _link(period.unit, after)}


def _link(unit: Unit, moment: datetime | None) -> dict[str, str] | None:
    if moment is None or moment.year not in YEARS:
        return None
    return Period.around(unit, moment.astimezone(settings.ZONE).date()).link()


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
        {"name": name, "url": Period("month", month).url, "count": counts.get(month, 0)}
        for name, month in zip(MONTH_NAMES, months, strict=True)
    ]


def _day(day: date, month: Period, counts: dict[date, int]) -> dict[str, Any] | None:
    """Return a day of the calendar; None for one of another month, which fills its week."""
    if day.month != month.first.month:
        return None
    return {"date": day, "url": Period("day", day).url, "count": counts.get(day, 0)}
