"""Ranked search over the posts: what is found, in which order, and how much of it there is."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchQuery
from django.db import transaction
from django.db.models import BigIntegerField, F, Func, Value
from django.db.models.expressions import RawSQL
from django.utils import timezone

from pbrsite.database.statements import Statement
from posts import indexing, matching, ranking, retrieval, vocabulary, wording
from posts.conditions import Matching
from posts.models import Post, PostQuerySet
from posts.retrieval import Narrowing
from posts.vocabulary import Vocabulary
from posts.wording import tidy

__all__ = ["Condition", "Found", "find", "index", "mentioning", "tidy", "within"]


@dataclass(frozen=True)
class Found:
    """What a query found. `post_ids` are the best thousand at most, in order.

    `condition` says what matches, `strict` what holds all that was asked: both are for counting
    the whole, under any filter.
    """

    post_ids: list[int] = field(default_factory=list)
    matching: Matching = matching.EVERYTHING
    known: Vocabulary = field(default_factory=Vocabulary)
    level: int = 1

    @property
    def condition(self) -> str:
        return self.matching.levels[self.level - 1]

    @property
    def strict(self) -> str:
        return self.matching.strict

    @property
    def loose(self) -> str:
        return self.matching.loose[self.level - 1]

    @property
    def doubt(self) -> str:
        return self.matching.doubts[self.level - 1]

    @property
    def matches(self) -> str:
        """Return the condition in SQL, with the loose one as `condition` and a table `wrong`."""
        is_exact = self.loose == self.condition
        return retrieval.LOOSELY if is_exact else f"{retrieval.LOOSELY} {retrieval.NOT_WRONG}"

    @property
    def at_least(self) -> int:
        """Return how many posts match for certain, as far as the numbers of its words tell."""
        terms = () if self.matching.is_precise or self.level > 1 else self.matching.terms
        forms = terms[0].forms if len(terms) == 1 else ()
        return max((self.known.holding(form[0][0]) for form in forms if len(form) == 1), default=0)

    @property
    def expected(self) -> float:
        """Return how many posts may match, as far as the numbers of its words tell."""
        return self.matching.shares[self.level - 1] * self.known.size


def index(post_ids: Iterable[int], *, size: int = indexing.BATCH) -> None:
    """Bring what is known of these posts' words up to date, whatever their number; idempotent."""
    indexing.index(post_ids, size=size)


def catch_up(now: datetime, *, most: int = 2_000) -> int:
    """Index posts that are not yet: an older archive's, and any whose job was lost.

    Also counts the words of those that appeared by the clock. Returns how many there were.
    """
    indexing.sort_in()
    waiting = indexing.overdue(now, most=most)
    for start in range(0, len(waiting), indexing.BATCH):
        index(waiting[start : start + indexing.BATCH])
    return len(waiting)


def within(posts: PostQuerySet, query: str, *, by_date: bool = False) -> PostQuerySet:
    """Return those of the posts that match, best first or newest first; a thousand at most.

    Two queries when called, one more when read.
    """
    found = find(query, narrowing={"posts": _among(posts)}, by_date=by_date)
    return in_order(posts, found.post_ids)


def in_order(posts: PostQuerySet, post_ids: list[int]) -> PostQuerySet:
    """Return those of the posts with these numbers, in that order, as cards need them."""
    ids: ArrayField[Any, Any] = ArrayField(BigIntegerField())
    place = Func(Value(post_ids, ids), F("pk"), function="array_position", arity=2)
    return posts.filter(pk__in=post_ids).for_list().order_by(place)


def mentioning(words: str) -> PostQuerySet:
    """Return posts of any state that hold all the words: for the editors' list."""
    match, _ = _understood(words)
    return Post.objects.filter(search_entry__terms=Condition(match.strict))


@transaction.atomic(savepoint=False)
def find(
    query: str,
    *,
    narrowing: Narrowing | None = None,
    by_date: bool = False,
    now: datetime | None = None,
) -> Found:
    """Return what the query finds among the public posts, or among some of them; two queries.

    What matches is settled over the whole archive, so that it is the same under every filter.
    Without words everything matches, the newest first.
    """
    match, known = _understood(query)
    level, best, further = retrieval.retrieve(
        match, known, narrowing or {}, by_date=by_date, now=now or timezone.now()
    )
    return Found(ranking.ranked(best, match.terms, known) + further, match, known, level)


def strict_condition(query: str) -> str:
    """Return the condition that a post holds all that is asked; no query."""
    return matching.matching(wording.read(query), Vocabulary()).strict


class Listed(Sequence[Post]):
    """The posts of these numbers as a paginator reads them: a page's are fetched, no others."""

    def __init__(self, post_ids: list[int]) -> None:
        self.post_ids = post_ids

    def __len__(self) -> int:
        return len(self.post_ids)

    def __getitem__(self, span: Any) -> Any:
        return _cards(timezone.now(), self.post_ids[span])


@Statement
def _cards(now: datetime, post_ids: list[int]) -> PostQuerySet:
    wanted = RawSQL("SELECT unnest(%s::bigint[])", [post_ids])
    place = Func(RawSQL("%s::bigint[]", [post_ids]), F("pk"), function="array_position", arity=2)
    return Post.objects.published(now).filter(pk__in=wanted).for_list().order_by(place)


def _understood(query: str) -> tuple[Matching, Vocabulary]:
    read = wording.read(query)
    if not read.groups:  # Signs alone match nothing, no words at all match everything.
        match = matching.NOTHING if query.strip() else matching.EVERYTHING
        return match, vocabulary.about([])
    known = vocabulary.about([token for group in read.groups for token in group.said])
    return matching.matching(read, known), known


def _among(posts: PostQuerySet) -> tuple[str, dict[str, Any]]:
    """Return the condition that an entry is of one of the posts, its parameters named."""
    sql, values = posts.order_by().values("pk").query.sql_with_params()
    numbers = iter(range(len(values)))
    named = re.sub("%s", lambda _: f"%(among{next(numbers)})s", sql)
    return f"post_id IN ({named})", {f"among{at}": value for at, value in enumerate(values)}


class Condition(SearchQuery):
    """A condition as PostgreSQL's `tsquery`: known to Django for one, and so not parsed again."""

    template = "%(expressions)s::tsquery"
