"""Series of posts: their order, the parts announced, and what stands before and after a part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Self

from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint, Value
from django.utils import timezone

from pbrsite.database.statements import Statement
from pbrsite.paths import path_to
from posts import visibility

if TYPE_CHECKING:
    from posts.models import Post


class SeriesQuerySet(models.QuerySet["Series"]):
    def public(self) -> Self:
        """Return series of which something is out, each once."""
        return self.filter(visibility.published(timezone.now(), through="posts__")).distinct()

    def prefetch_outlines(self, posts: Iterable["Post"], now: datetime | None = None) -> None:
        """Set `outline` on each post that is part of a series.

        One query, none when no post is in a series. Only public parts and announced ones are
        named; an announcement gives way when a post with its number is out.
        """
        members = [(post, post.series) for post in posts if post.series]
        if not members:
            return
        parts = _parts({series.pk for _, series in members}, now or timezone.now())
        for post, series in members:
            post.outline = _seen_from(outline_of(series, parts[series.pk]), post.slug)


class Series(models.Model):
    title = models.CharField(max_length=160)
    slug = models.SlugField(max_length=120, unique=True)
    description = models.TextField(blank=True)
    planned_parts = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="How many there will be in all, for “part 3 of 8”. Left empty, as many as are "
        "out or announced.",
    )

    objects: ClassVar[SeriesQuerySet] = SeriesQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["title", "pk"]
        verbose_name_plural = "series"

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return path_to("posts:series", self.slug)


class AnnouncedPart(models.Model):
    """A part still to come, told to readers until a post with its number is out."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="announced_parts")
    position = models.PositiveSmallIntegerField("part")
    title = models.CharField(max_length=160)
    expected_on = models.DateField("expected", null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            UniqueConstraint(fields=["series", "position"], name="posts_announcedpart_once"),
            CheckConstraint(name="posts_announcedpart_counted", condition=Q(position__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"


@dataclass(frozen=True)
class Part:
    """One line of a series: a public post with its address, or an announcement without one."""

    position: int | None
    title: str
    slug: str = ""
    expected_on: date | None = None
    is_here: bool = False

    @property
    def url(self) -> str:
        return path_to("posts:detail", self.slug) if self.slug else ""


@dataclass(frozen=True)
class Outline:
    """A series as readers see it from one of its parts; `total` is 0 where nothing is counted."""

    series: Series
    parts: list[Part]
    total: int
    here: Part | None = None
    previous: Part | None = None
    next: Part | None = None


def outline(series: Series, now: datetime | None = None) -> Outline:
    """Return the series as its own page shows it; one query."""
    return outline_of(series, _parts({series.pk}, now or timezone.now())[series.pk])


def preview_outline(post: "Post", now: datetime, *, saved_slug: str) -> None:
    """Set `outline` on a post as if it were public, at the part it has now; one query.

    None without a series. `saved_slug` is the address it is stored with, should that be changing.
    """
    if not post.series:
        post.outline = None
        return
    found = _parts({post.series.pk}, now)[post.series.pk]
    parts = [part for part in found if not part.slug or part.slug not in {saved_slug, post.slug}]
    number = post.series_position
    later = (
        place
        for place, part in enumerate(parts)
        if number is not None and (part.position is None or part.position > number)
    )
    parts.insert(next(later, len(parts)), Part(number, post.title, post.slug))
    post.outline = _seen_from(outline_of(post.series, parts), post.slug)


def outline_of(series: Series, parts: Sequence[Part]) -> Outline:
    taken = {part.position for part in parts if part.slug}
    shown = [part for part in parts if part.slug or part.position not in taken]
    highest = max((part.position or 0 for part in shown), default=0)
    return Outline(series, shown, max(series.planned_parts or 0, highest))


def _parts(series_ids: set[int], now: datetime) -> dict[int, list[Part]]:
    """Return the public and the announced parts of each series, in order; one query."""
    rows = _rows(series_ids, now) if len(series_ids) > 1 else _rows_of_one(min(series_ids), now)
    found: dict[int, list[Part]] = {pk: [] for pk in series_ids}
    for pk, position, _out, _pk, title, slug, day in sorted(rows, key=_in_order):
        found[pk].append(Part(position, title, slug, day))
    return found


def _rows(series_ids: Iterable[int], now: datetime) -> models.QuerySet:
    from posts.models import Post  # It names this module's models itself.

    nothing = Value(None, output_field=models.DateField())
    out = (
        Post.objects.published(now)
        .order_by()
        .filter(series__in=series_ids)
        .annotate(place=models.F("series_position"), day=nothing)
        .values_list("series", "place", "published_at", "pk", "title", "slug", "day")
    )
    coming = AnnouncedPart.objects.order_by().filter(series__in=series_ids)
    never = Value(None, output_field=models.DateTimeField())
    announced = coming.values_list(
        "series", "position", never, "pk", "title", Value(""), "expected_on"
    )
    rows: models.QuerySet = out.union(announced, all=True)
    return rows


@Statement
def _rows_of_one(series_id: int, now: datetime) -> models.QuerySet:
    return _rows([series_id], now)


def _in_order(row: tuple) -> tuple:
    """Numbered parts by number; others after them, by the moment they came out."""
    _series, position, published_at, pk, *_ = row
    is_numbered = position is not None
    return (not is_numbered, position or 0, published_at is None, published_at, pk)


def _seen_from(outline: Outline, slug: str) -> Outline:
    """Return the outline with this post's place in it marked."""
    places = [number for number, part in enumerate(outline.parts) if part.slug == slug]
    if not places:  # Its own page is a preview: it is not public yet.
        return outline
    at = places[0]
    parts = [replace(part, is_here=place == at) for place, part in enumerate(outline.parts)]
    before = [part for part in parts[:at] if part.slug]
    return replace(
        outline,
        parts=parts,
        here=parts[at],
        previous=before[-1] if before else None,
        next=parts[at + 1] if at + 1 < len(parts) else None,
    )
