"""Searches that found nothing: noted without a database write, counted by the worker, for editors.

Kept is what was asked for and how often, never by whom. Left out is what programs ask, what one
visitor asks again and again, and what looks like personal data or was pasted and not searched for.
"""

import hashlib
import re
import secrets
import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import CheckConstraint, Q
from django.http import HttpRequest

from pbrsite import rates
from posts import spool

SPOOL = "misses"
LONGEST = 80  # characters
MOST_WORDS = 10
MOST_KEPT = 2_000
KEPT_FOR = timedelta(days=90)
KEPT_FOR_ONE = timedelta(days=30)  # what was asked once
NEW_FOR = timedelta(days=7)

_LETTERS = re.compile(r"[^\W\d_]{2}")
# An address, a link, a long number, a postcode.
_PERSONAL = re.compile(
    r"@|://|www\.|[<>{}]|\d{5}|\b[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b", re.IGNORECASE
)
MOST_DIGITS = 6  # of a telephone number in groups, or a date of birth, there are more
_PROGRAM = re.compile(
    r"bot|crawl|spider|slurp|fetch|scan|monitor|preview|archiv|headless|curl|wget|python|java/|"
    r"http|go-|ruby|perl|php|libwww|axios|node|scrapy|lighthouse|facebookexternal|feed",
    re.IGNORECASE,
)

_WRITE = """
INSERT INTO posts_searchmiss AS miss (query, hits, first_seen_at, last_seen_at, best_guess)
SELECT query, hits, first, last, guess
FROM unnest(%s::text[], %s::int[], %s::timestamptz[], %s::timestamptz[], %s::text[])
    AS seen (query, hits, first, last, guess)
ON CONFLICT (query) DO UPDATE SET
    hits = miss.hits + excluded.hits,
    first_seen_at = least(miss.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(miss.last_seen_at, excluded.last_seen_at),
    best_guess = coalesce(nullif(excluded.best_guess, ''), miss.best_guess)
"""
_BOUND = """
DELETE FROM posts_searchmiss WHERE id IN (
    SELECT id FROM posts_searchmiss ORDER BY hits DESC, last_seen_at DESC, id DESC OFFSET %s)
"""


class SearchMissQuerySet(models.QuerySet["SearchMiss"]):
    def waiting(self) -> Self:
        """Return what an editor has not decided about."""
        return self.filter(dismissed_at=None)

    def dismissed(self) -> Self:
        return self.exclude(dismissed_at=None)

    def new(self, now: datetime) -> Self:
        """Return what came up in the last week and waits."""
        return self.waiting().filter(first_seen_at__gt=now - NEW_FOR)

    def dismiss(self, *, at: datetime) -> int:
        return self.waiting().update(dismissed_at=at)

    def bring_back(self) -> int:
        return self.dismissed().update(dismissed_at=None)


class SearchMiss(models.Model):
    """Words that readers searched for and no post has. No public page shows it."""

    query = models.CharField("searched for", max_length=LONGEST, unique=True)
    hits = models.PositiveIntegerField("times", default=1)
    first_seen_at = models.DateTimeField("first")
    last_seen_at = models.DateTimeField("last")
    best_guess = models.CharField(max_length=LONGEST, blank=True)
    dismissed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[SearchMissQuerySet] = SearchMissQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-hits", "-last_seen_at", "-pk"]
        verbose_name = "search that found nothing"
        verbose_name_plural = "searches that found nothing"
        constraints = [
            CheckConstraint(name="posts_searchmiss_was_made", condition=Q(hits__gt=0)),
        ]

    def __str__(self) -> str:
        return self.query


class Visitors:
    """Who has searched for what within this hour, by digests no other process can make.

    Bounded: beyond so many visitors or searches of one nothing is counted until the hour is over.
    """

    MOST = 2_000
    MOST_SEARCHES = 10

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.hour = ""
        self._begin("")

    def is_first(self, visitor: str, query: str, *, now: datetime) -> bool:
        """Return whether this search of this visitor counts; the same one again does not."""
        with self.lock:
            hour = f"{now:%Y%m%d%H}"
            if hour != self.hour:
                self._begin(hour)
            who, what = self._digest(visitor), self._digest(query)
            if who not in self.seen and len(self.seen) >= self.MOST:
                return False
            searches = self.seen.setdefault(who, set())
            if what in searches or len(searches) >= self.MOST_SEARCHES:
                return False
            searches.add(what)
            return True

    def _begin(self, hour: str) -> None:
        self.hour, self.salt = hour, secrets.token_bytes(16)
        self.seen: dict[bytes, set[bytes]] = {}

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode(), digest_size=8, key=self.salt).digest()


visitors = Visitors()


def note(request: HttpRequest, query: str, *, guess: str = "", now: datetime) -> None:
    """Note that this search found nothing, if a person made it; a line in a file, no query."""
    text = normalised(query)
    if not is_worth_noting(text) or not is_by_a_person(request):
        return
    visitor = f"{rates.network(request)} {request.headers.get('User-Agent', '')}"
    if visitors.is_first(visitor, text, now=now):
        spool.append(SPOOL, {"query": text, "guess": guess[:LONGEST], "at": now.isoformat()})


def normalised(query: str) -> str:
    return " ".join(query.lower().split())


def is_worth_noting(text: str) -> bool:
    """Return whether the words are a search, and not a person's data or something pasted."""
    return (
        len(text) <= LONGEST
        and len(text.split()) <= MOST_WORDS
        and text.isprintable()
        and _LETTERS.search(text) is not None
        and _PERSONAL.search(text) is None
        and sum(letter.isdigit() for letter in text) <= MOST_DIGITS
    )


def is_by_a_person(request: HttpRequest) -> bool:
    """Return whether it looks like a browser that came from our pages or was typed at.

    Browsers say by `Sec-Fetch-Site` where a request comes from (W3C Fetch Metadata); one that does
    not has the address of our page in `Referer`. Programs that follow links have neither.
    """
    agent = request.headers.get("User-Agent", "")
    if request.method != "GET" or not agent or _PROGRAM.search(agent):
        return False
    if "prefetch" in request.headers.get("Sec-Purpose", request.headers.get("Purpose", "")):
        return False
    if site := request.headers.get("Sec-Fetch-Site"):
        return site in {"same-origin", "none"}
    try:
        source = urlsplit(request.headers.get("Referer", "")).netloc
    except ValueError:
        return False
    return source in {request.get_host(), urlsplit(settings.SITE_URL).netloc}


def collect(now: datetime) -> int:
    """Count what the web processes of this machine have noted; return how many notes.

    Two statements. A worker that dies after them and before the file is gone counts twice.
    """
    with spool.taken(SPOOL) as records:
        seen = [found for record in records if (found := _sighting(record, now))]
        if seen:
            _write(seen)
    return len(seen)


Sighting = tuple[str, str, datetime]  # what was asked for, what was probably meant, when


def _sighting(record: dict[str, Any], now: datetime) -> Sighting | None:
    """Return what a record says, or None for one no process of ours wrote."""
    query, guess, at = (record.get(key) for key in ("query", "guess", "at"))
    if not (isinstance(query, str) and isinstance(guess, str) and isinstance(at, str)):
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    is_ours = query == normalised(query) and is_worth_noting(query) and moment.tzinfo is not None
    guess = guess if guess.isprintable() else ""
    return (query, guess[:LONGEST], min(moment, now)) if is_ours else None


def _write(seen: list[Sighting]) -> None:
    hits = Counter(query for query, _, _ in seen)
    guesses = {query: guess for query, guess, _ in seen}
    first = {query: at for query, _, at in sorted(seen, key=lambda one: one[2], reverse=True)}
    last = {query: at for query, _, at in sorted(seen, key=lambda one: one[2])}
    queries = sorted(hits)  # In one order, so that two workers never wait for each other.
    by_query: tuple[Any, ...] = (hits, first, last, guesses)
    columns = [[each[query] for query in queries] for each in by_query]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WRITE, [queries, *columns])
        cursor.execute(_BOUND, [MOST_KEPT])


def prune(now: datetime) -> int:
    """Forget what nobody asked for in ninety days, asked once in thirty. Idempotent."""
    old = Q(last_seen_at__lt=now - KEPT_FOR)
    once = Q(last_seen_at__lt=now - KEPT_FOR_ONE, hits=1)
    return SearchMiss.objects.filter(old | once).delete()[0]
