"""Archives by year, month and day, in the site's zone, with counts."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import TruncDay, TruncMonth, TruncYear
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.dateformat import format as format_date
from django.views.decorators.http import require_safe

from posts.models import Post, PostQuerySet
from posts.pagination import page_context

Unit = Literal["year", "month", "day"]
TRUNCATE = {"year": TruncYear, "month": TruncMonth, "day": TruncDay}
LABEL = {"year": "Y", "month": "F Y", "day": "j F Y"}
PATH = {"year": "/%Y/", "month": "/%Y/%m/", "day": "/%Y/%m/%d/"}
SMALLER: dict[Unit, Unit | None] = {"year": "month", "month": "day", "day": None}


@dataclass(frozen=True)
class Period:
    """A calendar year, month or day; half-open, from its first local midnight to the next one's."""

    unit: Unit
    first: date

    @property
    def start(self) -> datetime:
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        if self.unit == "day":
            return _midnight(self.first + timedelta(days=1))
        if self.unit == "year" or self.first.month == 12:
            return _midnight(date(self.first.year + 1, 1, 1))
        return _midnight(self.first.replace(month=self.first.month + 1))

    @property
    def label(self) -> str:
        return format_date(self.first, LABEL[self.unit])

    @property
    def url(self) -> str:
        # strftime leaves out the zeros before a year under 1000 on some systems.
        return self.first.strftime(PATH[self.unit])


@require_safe
def archive(request: HttpRequest) -> HttpResponse:
    """List every year that has posts."""
    context = {"heading": "Archive", "periods": _counted(Post.objects.published(), "year")}
    return render(request, "posts/archive.html", context)


@require_safe
def period_archive(
    request: HttpRequest, year: str, month: str = "", day: str = "", number: str = "1"
) -> HttpResponse:
    period = _period(year, month, day)
    posts = Post.objects.published().between(period.start, period.end)
    if not posts.exists():
        raise Http404("Nothing was published then.")
    if request.path.endswith("/page/1/"):
        return redirect(period.url, permanent=True)
    smaller = SMALLER[period.unit]
    context: dict[str, Any] = {
        "heading": f"Posts from {period.label}",
        "periods": _counted(posts, smaller) if smaller else [],
        "previous": _neighbour(period, "published_at__lt", period.start, "-published_at"),
        "next": _neighbour(period, "published_at__gte", period.end, "published_at"),
    }
    context |= page_context(posts.for_list(), int(number), base=period.url)
    return render(request, "posts/archive.html", context)


def _period(year: str, month: str, day: str) -> Period:
    unit: Unit = "day" if day else "month" if month else "year"
    try:
        # Beyond these years a local midnight has no UTC moment that Python can hold.
        first = date(min(max(int(year), 2), 9998), int(month or 1), int(day or 1))
    except ValueError as error:
        raise Http404("There is no such date.") from error
    return Period(unit, first)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=settings.ZONE)


def _counted(posts: PostQuerySet, unit: Unit) -> list[dict[str, Any]]:
    """Return the periods of that unit which have posts, newest first: label, url, count."""
    truncated = TRUNCATE[unit]("published_at", tzinfo=settings.ZONE)
    rows = posts.order_by().annotate(period=truncated).values("period").annotate(count=Count("pk"))
    return [
        {"label": (found := Period(unit, row["period"].date())).label, "url": found.url,
         "count": row["count"]}
        for row in rows.order_by("-period")
    ]  # fmt: skip


def _neighbour(period: Period, bound: str, moment: datetime, order: str) -> dict[str, str] | None:
    """Return the nearest period of the same unit that has posts, before or after."""
    moments = Post.objects.published().filter(**{bound: moment}).order_by(order)
    found = moments.values_list("published_at", flat=True).first()
    if found is None:
        return None
    local = found.astimezone(settings.ZONE).date()
    starts = {"year": date(local.year, 1, 1), "month": local.replace(day=1), "day": local}
    nearest = Period(period.unit, starts[period.unit])
    return {"label": nearest.label, "url": nearest.url}
