"""The import of a whole export: read once to its end, then written batch by batch.

Each batch is one transaction, its memory of what was imported included. An import that stops, for
whatever reason, leaves whole batches; run again, it passes over them and finishes the rest.
"""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DataError, Error, IntegrityError, connection, transaction

from pbrsite.wordpress import bench, people, reader, report, sorting, threads, topics, writing
from pbrsite.wordpress.aftermath import catch_up, follow_up
from pbrsite.wordpress.archive import Archive
from pbrsite.wordpress.bench import Bench, Made, Texts
from pbrsite.wordpress.bodies import Place
from pbrsite.wordpress.decisions import decide
from pbrsite.wordpress.indexing import Indexer
from pbrsite.wordpress.items import Author, Item, Term
from pbrsite.wordpress.linking import Blog
from pbrsite.wordpress.report import Outcome, Report
from pbrsite.wordpress.sorting import Sorted
from pbrsite.wordpress.uploads import Uploads
from posts.pictures import Picture

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
    survey = reader.survey(path)
    result.mended = survey.mended
    blog = Blog.at(survey.channel.addresses)
    result.site = blog.key
    archive = Archive(
        site=blog.key, blog=blog, now=now, zone=settings.ZONE, report=result,
        attachments=survey.attachments, brings_back=options.brings_back,
    )  # fmt: skip
    with _alone(), _rolled_back(options.is_rehearsal), _rarely_collected():
        total, done = survey.kinds["post"], 0
        with Bench(total) as making, Indexer(total, is_rehearsal=options.is_rehearsal) as indexer:
            line = Line(archive, Uploads(archive, options.media), making, indexer)
            for batch in _batches(path, archive):
                done += line.take(batch)
                advance(done, total)
            line.finish()
            advance(total, total)
        if not options.is_rehearsal:
            catch_up()
            if result.has_changes:
                follow_up()


def _batches(path: Path, archive: Archive) -> Iterator[list[Item]]:
    """Yield the posts in batches; authors and topics are written before the first of them."""
    people_first: list[Author] = []
    terms_first: list[Term] = []
    batch: list[Item] = []
    weight = 0
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
            weight += len(piece.content)
            if len(batch) >= BATCH or weight >= BATCH_CHARACTERS:
                yield batch
                batch, weight = [], 0
    _write_head(archive, people_first, terms_first)
    if batch:
        yield batch


def _write_head(archive: Archive, writers: list[Author], terms: list[Term]) -> None:
    with transaction.atomic():
        people.write(archive, writers)
        topics.write(archive, terms)
        topics.nest(archive, terms)
    writers.clear()
    terms.clear()


def _pass_over(archive: Archive, item: Item) -> None:
    reason = decide(item, now=archive.now, zone=archive.zone).reason
    key = str(item.number or item.guid or item.slug)
    archive.report.add(Outcome(item.kind, key, report.SKIPPED, item.title[:100], reason))


@dataclass
class Batch:
    """Posts on their way: what is to be done with each, their bodies being made."""

    items: Sequence[Item]
    found: Sorted
    pictures: dict[str, Picture]
    is_again: bool = False

    @property
    def claims(self) -> set[str]:
        """Return the keys that no batch before it has claimed."""
        posts = [work.known for work in self.found.works] + self.found.settled
        return {known.key for known in posts if known.is_first}


@dataclass
class Line:
    """Batches one behind the other: the next one's bodies are made while this one is written."""

    archive: Archive
    uploads: Uploads
    bench: Bench
    indexer: Indexer
    waiting: Batch | None = None

    def take(self, items: Sequence[Item]) -> int:
        """Begin with a batch and write the one before; return how many posts that had."""
        before, made = self.waiting, self.bench.result()
        self.waiting, texts, place = self._sorted(items)
        self.bench.begin(texts, place)
        return self._write(before, made) if before else 0

    def finish(self) -> None:
        before, made = self.waiting, self.bench.result()
        self.waiting = None
        if before:
            self._write(before, made)
        self.indexer.wait()

    def _sorted(self, items: Sequence[Item]) -> tuple[Batch, Texts, Place]:
        pictures = self.uploads.pictures(items)
        found = sorting.sort(self.archive, items, pictures)
        fresh = [work.known.item for work in found.works]
        place = self.archive.place((item.content for item in fresh), pictures)
        texts = [(item.content, writing.wanted_address(item)) for item in fresh]
        return Batch(items, found, pictures), texts, place

    def _write(self, batch: Batch, made: Sequence[Made]) -> int:
        """Write a batch in one transaction; where the database refuses it, post by post."""
        works = batch.found.works
        writing.make(self.archive, works, made, batch.pictures)
        try:
            with transaction.atomic():
                outcomes = writing.write(self.archive, works)
                posts = [work.known for work in works] + batch.found.settled
                outcomes += threads.write(self.archive, posts)
        except (DataError, IntegrityError) as error:
            if not batch.is_again:  # Of one item, too: it was sorted before the last were written.
                self.archive.claimed -= batch.claims
                for item in batch.items:
                    alone, texts, place = self._sorted([item])
                    alone.is_again = True
                    self._write(alone, bench.make(texts, place))
                return len(batch.items)
            outcomes = [_refused(batch.items[0], error)]
        else:
            if not self.archive.report.is_rehearsal:
                self.indexer.index([work.post.pk for work in works])
        for outcome in batch.found.outcomes + outcomes:
            self.archive.report.add(outcome)
        return len(batch.items)


def _refused(item: Item, error: Exception) -> Outcome:
    said = str(error).partition("\n")[0][:200]
    key, label = str(item.number or item.guid), item.slug or item.title[:100]
    return Outcome("post", key, report.SKIPPED, label, REFUSED, [(REFUSED, said)])


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
        # Broken off in the middle of a query, the connection is closed, and the lock is gone.
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@contextmanager
def _rolled_back(is_rehearsal: bool) -> Iterator[None]:
    if not is_rehearsal:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """Have Python look for circular garbage more rarely: rows are made in masses, and die by count.

    Measured: a tenth to a fifth of the time, at the same peak of memory.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
