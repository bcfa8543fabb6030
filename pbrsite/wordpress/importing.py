"""The import of a whole export: read once to its end, then written batch by batch.

Each batch is one transaction, its memory of what was imported included. An import that stops, for
whatever reason, leaves whole batches; run again, it passes over them and finishes the rest.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction

from pbrsite.wordpress import people, reader, report, sorting, threads, topics, writing
from pbrsite.wordpress.aftermath import follow_up
from pbrsite.wordpress.archive import Archive
from pbrsite.wordpress.decisions import decide
from pbrsite.wordpress.items import Author, Item, Term
from pbrsite.wordpress.linking import Blog
from pbrsite.wordpress.report import Outcome, Report
from pbrsite.wordpress.uploads import Uploads

BATCH = 100  # posts of one transaction
BATCH_CHARACTERS = 4_000_000  # of their bodies, if that is reached sooner
LOCK = 7_221_846_403  # an advisory lock's number, of no meaning
REFUSED = "refused by the database"

Advance = Callable[[int, int], None]  # posts done, posts in all


class BusyError(Exception):
    """Another import is running on this site. Wait until it has finished."""


@dataclass(frozen=True)
class Options:
    media: Path | None = None
    is_rehearsal: bool = False
    brings_back: bool = False


def run(path: Path, result: Report, *, now: datetime, options: Options, advance: Advance) -> None:
    """Import the file; `result` says what became of each item, also when this raises.

    Raises UnreadableError before anything is written, and BusyError. A rehearsal does everything
    in one transaction that is rolled back.
    """
    result.is_rehearsal = options.is_rehearsal
    survey = reader.survey(path, with_attachments=options.media is not None)
    result.mended = survey.mended
    blog = Blog.at(survey.channel.addresses)
    result.site = blog.key
    archive = Archive(
        site=blog.key, blog=blog, now=now, zone=settings.ZONE, report=result,
        attachments=survey.attachments, brings_back=options.brings_back,
    )  # fmt: skip
    with _alone(), _rolled_back(options.is_rehearsal):
        uploads = Uploads(archive, options.media)
        total, done = survey.kinds["post"], 0
        for batch in _batches(path, archive):
            _import(archive, batch, uploads)
            done += len(batch)
            advance(done, total)
        if not options.is_rehearsal and result.has_changes:
            follow_up()


def _batches(path: Path, archive: Archive) -> Iterator[list[Item]]:
    """Yield the posts in batches; authors and topics are written before the first of them."""
    people_first: list[Author] = []
    terms_first: list[Term] = []
    batch: list[Item] = []
    for piece in reader.read(path):
        if isinstance(piece, Author):
            people_first.append(piece)
        elif isinstance(piece, Term):
            terms_first.append(piece)
        elif isinstance(piece, Item):
            if people_first or terms_first:
                _write_head(archive, people_first, terms_first)
            if piece.kind != "post":
                _pass_over(archive, piece)
                continue
            batch.append(piece)
            if len(batch) >= BATCH or _weight(batch) >= BATCH_CHARACTERS:
                yield batch
                batch = []
    _write_head(archive, people_first, terms_first)
    if batch:
        yield batch


def _write_head(archive: Archive, writers: list[Author], terms: list[Term]) -> None:
    with transaction.atomic():
        for writer in writers:
            people.write(archive, writer)
        topics.write(archive, terms)
        topics.nest(archive, terms)
    writers.clear()
    terms.clear()


def _pass_over(archive: Archive, item: Item) -> None:
    reason = decide(item, now=archive.now, zone=archive.zone).reason
    key = str(item.number or item.guid or item.slug)
    archive.report.add(Outcome(item.kind, key, report.SKIPPED, item.title[:100], reason))


def _import(archive: Archive, items: Sequence[Item], uploads: Uploads) -> None:
    """Import a batch in one transaction; what the database refuses is told apart one by one."""
    pictures = uploads.pictures(items)
    sorted_out = sorting.sort(archive, items, pictures)
    writing.make(archive, sorted_out.works, pictures)
    try:
        with transaction.atomic():
            outcomes = writing.write(archive, sorted_out.works)
            posts = [work.known for work in sorted_out.works] + sorted_out.settled
            outcomes += threads.write(archive, posts)
    except (DataError, IntegrityError) as error:
        if len(items) > 1:
            for item in items:
                _import(archive, [item], uploads)
            return
        name, said = items[0].slug or items[0].title, str(error).partition("\n")[0][:200]
        key = str(items[0].number or items[0].guid)
        outcomes = [Outcome("post", key, report.SKIPPED, name, REFUSED, [(REFUSED, said)])]
    for outcome in sorted_out.outcomes + outcomes:
        archive.report.add(outcome)


@contextmanager
def _alone() -> Iterator[None]:
    """Keep two imports from writing the same posts; Postgres lets go when the connection ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise BusyError("Another import is running on this site. Wait until it has finished.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def _rolled_back(is_rehearsal: bool) -> Iterator[None]:
    if not is_rehearsal:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _weight(batch: Sequence[Item]) -> int:
    return sum(len(item.content) for item in batch)
