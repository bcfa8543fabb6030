"""Addresses somebody asked for in vain: counted in memory, written in batches, soon forgotten.

A visitor's request must not be a write to the database, so a process writes at most once in ten
seconds, and the table has a bound and no write-ahead log. It keeps paths alone: no query string, no
visitor, no site elsewhere that links here.
"""

import logging
import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, models
from django.http import HttpRequest

from posts.permalinks import is_closed, tidy

logger = logging.getLogger(__name__)

WRITTEN_EVERY = timedelta(seconds=10)
MOST_WAITING = 200  # paths in one process's memory between two writes
MOST_KEPT = 2_000
KEPT_FOR = timedelta(days=30)
PATH_LENGTH = 200
# A page of ours has letters, digits and hyphens; scanners ask for files, and for much else.
DEEPEST = 9  # slashes: /category/above/within/topic/post/comment-page-2/feed/ has eight
PLAUSIBLE = re.compile(rf"/[\w\-/]{{0,{PATH_LENGTH}}}(?:\.html?)?/?")
# The address of a post that is not public is no mistake anybody has to mend: it has its page.
# Written by path, so that two processes never wait for each other crosswise.
_WRITE = """
INSERT INTO posts_missingpage AS page (path, hits, first_seen_at, last_seen_at, linked_from)
SELECT path, hits, seen_at, seen_at, linked_from
FROM unnest(%s::text[], %s::int[], %s::timestamptz[], %s::text[])
    AS seen (path, hits, seen_at, linked_from)
WHERE NOT EXISTS (SELECT 1 FROM posts_post WHERE slug = trim(BOTH '/' FROM path))
ORDER BY path
ON CONFLICT (path) DO UPDATE SET
    hits = page.hits + excluded.hits,
    last_seen_at = greatest(page.last_seen_at, excluded.last_seen_at),
    linked_from = coalesce(nullif(excluded.linked_from, ''), page.linked_from)
"""
# What our own pages link to, and what was asked for often, outlives a flood of invented addresses.
_BOUND = """
DELETE FROM posts_missingpage WHERE id IN (
    SELECT id FROM posts_missingpage
    ORDER BY linked_from <> '' DESC, hits DESC, last_seen_at DESC, id DESC OFFSET %s)
"""


class MissingPageQuerySet(models.QuerySet["MissingPage"]):
    def waiting(self) -> Self:
        """Return what an editor has not decided about."""
        return self.filter(ignored_at=None)

    def ignored(self) -> Self:
        return self.exclude(ignored_at=None)

    def ignore(self, *, at: datetime) -> int:
        return self.waiting().update(ignored_at=at)


class MissingPage(models.Model):
    """An address that was answered 404. The table is UNLOGGED: a crash of Postgres empties it."""

    path = models.CharField(max_length=PATH_LENGTH + 10, unique=True)
    hits = models.PositiveIntegerField(default=1)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    linked_from = models.CharField("linked from", max_length=PATH_LENGTH + 10, blank=True)
    ignored_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[MissingPageQuerySet] = MissingPageQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-hits", "-last_seen_at", "-pk"]
        verbose_name = "missing page"

    def __str__(self) -> str:
        return self.path


@dataclass
class Sighting:
    hits: int
    seen_at: datetime
    linked_from: str


class Collector:
    """What one process has seen since it last wrote: bounded, and safe to use from any thread."""

    def __init__(self) -> None:
        self.waiting: dict[str, Sighting] = {}
        self.written_at = datetime.min.replace(tzinfo=UTC)
        self.lock = threading.Lock()

    def note(self, path: str, *, linked_from: str, now: datetime) -> None:
        """Count one request, and write what waits when the last write is long enough ago."""
        with self.lock:
            seen = self.waiting.get(path)
            if seen is None and len(self.waiting) >= MOST_WAITING:
                return
            hits = seen.hits + 1 if seen else 1
            linked_from = linked_from or (seen.linked_from if seen else "")
            self.waiting[path] = Sighting(hits, now, linked_from)
            is_due = now - self.written_at >= WRITTEN_EVERY
        if is_due:
            self.write(now)

    def write(self, now: datetime) -> None:
        """Write what waits: two statements, sent at once.

        A database that cannot take it loses the batch.
        """
        with self.lock:
            batch, self.waiting, self.written_at = self.waiting, {}, now
        if not batch:
            return
        columns: list[Any] = [
            list(batch),
            [seen.hits for seen in batch.values()],
            [seen.seen_at for seen in batch.values()],
            [seen.linked_from for seen in batch.values()],
        ]
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"{_WRITE};{_BOUND}", [*columns, MOST_KEPT])
        except (DatabaseError, InterfaceError):
            logger.warning("%s missing addresses could not be written", len(batch))


collector = Collector()


def note(request: HttpRequest, *, now: datetime) -> None:
    """Count this request's path among the missing, if it may be a mistake somebody can mend."""
    path = tidy(request.path_info)
    if path != "/" and is_worth_noting(path):
        collector.note(path, linked_from=_own_referrer(request), now=now)


def is_worth_noting(path: str) -> bool:
    """Return whether the path may have been a page: no file, no scanner's probe, no secret link."""
    is_plausible = PLAUSIBLE.fullmatch(path) is not None and path.count("/") <= DEEPEST
    return is_plausible and not is_closed(path)


def _own_referrer(request: HttpRequest) -> str:
    """Return the path of the page of ours that links here, or ""."""
    try:
        source = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return ""
    is_ours = source.netloc in {request.get_host(), urlsplit(settings.SITE_URL).netloc}
    path = tidy(source.path)  # As sent it may begin with "//", and lead to another site.
    return path if is_ours and is_worth_noting(path) else ""


def prune(now: datetime) -> int:
    """Forget what nobody asked for in thirty days; return how many. Idempotent."""
    return MissingPage.objects.filter(last_seen_at__lt=now - KEPT_FOR).delete()[0]
