"""The search index: of each post one row with its words, and of each word how many posts hold it.

Built here and not by PostgreSQL's own configurations, so that the words of texts and of queries
are made the same in one place (`posts.tokens`). A vector holds, for each post,
- stems with their places, weight A for the title, B for tags with their other names, C for
  standfirst, excerpt and authors, D for the body;
- "=word": a word as it is written, for spelling; "#" for every post;
- "+stem", "*stem", "!stem", "^stem": the stem says much here, more, very much, or stands in the
  title. These are the upper tiers of the index (Manning, Raghavan & Schütze 2008, section 7.2.1):
  of a common word the best posts are found without looking at all that hold it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models, transaction
from django.utils import timezone

from posts.tokens import STOP_WORDS, placed

FIELD_WEIGHTS = {"A": 8.0, "B": 2.0, "C": 2.0, "D": 1.0}
LENGTH_SHARE = 0.6  # of a body's length that counts against its words: b of BM25
USUAL_LENGTH = 500  # words of a body that are no stop words; the tiers need no exact one
TIERS = {"+": 2.5, "*": 6.0, "!": 15.0}  # weighted occurrences from which a word is of that tier
GAP = 20  # places between two fields, so that no phrase reaches across
SPELLED_FROM = 4  # letters: shorter words have no wrong letter, they are other words
LAST_PLACE = 16_383  # PostgreSQL keeps no higher place of a word
EVERY = "'#'"
READ = 250_000  # characters of a body, forty thousand words: a vector holds a megabyte at most
BATCH = 200

_TEXTS = """
SELECT post.id, ARRAY(
        SELECT post.author_id
        UNION SELECT co.author_id FROM posts_coauthor co WHERE co.post_id = post.id ORDER BY 1
    ), ARRAY(SELECT link.tag_id FROM posts_taggedpost link
        WHERE link.content_object_id = post.id ORDER BY 1),
    post.title, coalesce((
        SELECT string_agg(concat_ws(E'\\n', tag.name, (
            SELECT string_agg(alias.name, E'\\n' ORDER BY alias.id) FROM posts_tagalias alias
            WHERE alias.tag_id = tag.id
        )), E'\\n' ORDER BY tag.id)
        FROM posts_taggedpost link JOIN posts_tag tag ON tag.id = link.tag_id
        WHERE link.content_object_id = post.id), ''),
    concat_ws(E'\\n', post.standfirst, post.excerpt, author.name, (
        SELECT string_agg(further.name, E'\\n' ORDER BY co.id) FROM posts_coauthor co
        JOIN posts_author further ON further.id = co.author_id WHERE co.post_id = post.id)),
    left(post.plain_text, %s)
FROM posts_post post JOIN posts_author author ON author.id = post.author_id
WHERE post.id = ANY(%s) ORDER BY post.id
"""
# One order of locks: a post's row, as every verb takes it, then the index, then its entry.
_LOCK_POSTS = "SELECT FROM posts_post WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_LOCK_INDEX = "SELECT pg_advisory_xact_lock(hashtext('posts_searchentry'))"
# Counted is only what the public sees, so that no hidden word is ever offered as a better spelling;
# what is hidden or deleted later is taken back by a trigger. Written is only what changes.
_STORE = """
WITH given AS MATERIALIZED (
    SELECT given.post_id, CASE WHEN post.status = 'published' THEN post.published_at END
               AS released_at, given.authors::bigint[] AS authors, given.tags::bigint[] AS tags,
           given.length, given.title::text[] AS title, given.terms::tsvector AS terms,
           post.status = 'published' AND coalesce(post.published_at <= %(now)s, false)
               AS is_counted
    FROM unnest(%(posts)s::bigint[], %(authors)s::text[], %(tags)s::text[], %(lengths)s::int[],
                %(titles)s::text[], %(terms)s::text[])
        AS given (post_id, authors, tags, length, title, terms)
    JOIN posts_post post ON post.id = given.post_id
), changed AS MATERIALIZED (
    SELECT given.*, entry.is_counted AS was_counted, entry.terms AS old_terms,
           entry.length AS old_length
    FROM given LEFT JOIN posts_searchentry entry ON entry.post_id = given.post_id
    WHERE (given.released_at, given.authors, given.tags, given.length, given.title, given.terms,
           given.is_counted)
        IS DISTINCT FROM (entry.released_at, entry.authors, entry.tags, entry.length, entry.title,
           entry.terms, entry.is_counted)
), stored AS (
    INSERT INTO posts_searchentry
        (post_id, released_at, authors, tags, length, title, terms, is_counted)
    SELECT post_id, released_at, authors, tags, length, title, terms, is_counted FROM changed
    ON CONFLICT (post_id) DO UPDATE
    SET released_at = excluded.released_at, authors = excluded.authors, tags = excluded.tags,
        length = excluded.length, title = excluded.title, terms = excluded.terms,
        is_counted = excluded.is_counted
), counted AS (
    SELECT unnest(tsvector_to_array(terms)) AS term, 1 AS posts FROM changed WHERE is_counted
    UNION ALL SELECT '#words', length FROM changed WHERE is_counted
    UNION ALL SELECT unnest(tsvector_to_array(old_terms)), -1 FROM changed WHERE was_counted
    UNION ALL SELECT '#words', -old_length FROM changed WHERE was_counted
)
INSERT INTO posts_searchterm AS known (term, posts, nearby)
SELECT term, sum(posts), '{}' FROM counted GROUP BY term HAVING sum(posts) <> 0 ORDER BY term
ON CONFLICT (term) DO UPDATE SET posts = known.posts + excluded.posts
RETURNING term, term LIKE '=%%' AND nearby = '{}'
"""
_OVERDUE = """
(SELECT id FROM posts_post post
 WHERE NOT EXISTS (SELECT FROM posts_searchentry WHERE post_id = post.id)
 ORDER BY id DESC LIMIT %(most)s)
UNION ALL
(SELECT post_id FROM posts_searchentry
 WHERE NOT is_counted AND released_at IS NOT NULL AND released_at <= %(now)s LIMIT %(most)s)
"""
_SPELL = """
UPDATE posts_searchterm SET nearby = given.nearby::text[]
FROM unnest(%s::text[], %s::text[]) AS given (term, nearby)
WHERE posts_searchterm.term = given.term
"""


class SearchEntry(models.Model):
    """What search knows of one post; narrow, since a common word reads very many of them."""

    post = models.OneToOneField(
        "posts.Post", on_delete=models.CASCADE, primary_key=True, related_name="search_entry"
    )
    # The post's time of publishing while it is published, else empty: kept so by a trigger.
    released_at = models.DateTimeField(null=True)
    authors = ArrayField(models.BigIntegerField())
    tags = ArrayField(models.BigIntegerField())
    length = models.PositiveIntegerField()  # words of the body that are no stop words
    title = ArrayField(models.TextField())  # stems
    terms = SearchVectorField()
    # In the numbers of SearchTerm: what is not public adds no word to suggest.
    is_counted = models.BooleanField(default=False)

    class Meta:
        default_permissions = ()
        indexes = [
            # /search/; kept in order at once, or each look would read a list of late comers.
            GinIndex("terms", name="posts_searchentry_terms", fastupdate=False),
            models.Index(  # the clock, which counts the words of what has appeared
                "released_at",
                name="posts_searchentry_uncounted",
                condition=models.Q(is_counted=False, released_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post_id}"


class SearchTerm(models.Model):
    """A term of the index and how many public posts hold it; "#" and "#words" count them all."""

    term = models.TextField(primary_key=True, db_collation="C")
    posts = models.BigIntegerField()
    # Of "=word" alone: the word and what is left of it without one letter (Garbe 2012, SymSpell).
    nearby = ArrayField(models.TextField(db_collation="C"), default=list)

    class Meta:
        default_permissions = ()
        indexes = [
            # A word misspelled, on /search/.
            GinIndex("nearby", name="posts_searchterm_nearby", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"{self.term} ({self.posts})"


@dataclass
class _Text:
    """A post's words as they go into its entry."""

    places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[str, Counter[str]] = field(
        default_factory=lambda: {name: Counter() for name in FIELD_WEIGHTS}
    )
    words: set[str] = field(default_factory=set)
    next_place: int = 1

    @property
    def length(self) -> int:
        return self.counts["D"].total()

    @property
    def title(self) -> list[str]:
        """Return the stems of the title, without words of grammar unless it holds no others."""
        stems = self.counts["A"]
        return [stem for stem in stems if stem not in STOP_WORDS] or list(stems)

    @property
    def spelled(self) -> set[str]:
        """Return the words that can be misspelled."""
        return {word for word in self.words if len(word) >= SPELLED_FROM and word.isalpha()}


def index(post_ids: Iterable[int]) -> None:
    """Bring the index of these posts up to date, and the numbers of their words; idempotent.

    Posts that are gone are passed over, and what has not changed is not written. A batch is one
    transaction of its own, unless the caller has one. Writers of the index take turns, or two could
    wait for each other's words.
    """
    ordered = sorted(set(post_ids))
    size = (len(ordered) or 1) if connection.in_atomic_block else BATCH
    for held in _parts(ordered, size):
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute(_LOCK_POSTS, [held])
            cursor.execute(_LOCK_INDEX)
            for batch in _parts(held, BATCH):
                _index_batch(cursor, batch)


def overdue(now: datetime, *, most: int) -> list[int]:
    """Return posts without an entry, the newest first, and those whose time came; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, {"now": now, "most": most})
        return [pk for (pk,) in cursor.fetchall()]


def nearby(word: str) -> list[str]:
    """Return the word, and the word without each of its letters: two such lists meet for words
    that differ by a letter added, missing, wrong or exchanged with its neighbour."""
    return list({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})


def _parts(post_ids: list[int], size: int) -> list[list[int]]:
    return [post_ids[start : start + size] for start in range(0, len(post_ids), size)]


def _index_batch(cursor: Any, post_ids: list[int]) -> None:
    cursor.execute(_TEXTS, [READ, post_ids])
    rows = cursor.fetchall()
    if not rows:
        return
    texts = [_text(*row[3:]) for row in rows]
    given = {
        "posts": [row[0] for row in rows],
        "authors": [_array(row[1]) for row in rows],
        "tags": [_array(row[2]) for row in rows],
        "lengths": [text.length for text in texts],
        "titles": [_array(text.title) for text in texts],
        "terms": [_vector(text) for text in texts],
        "now": timezone.now(),
    }
    cursor.execute(_STORE, given)
    new = [term for term, is_unspelled in cursor.fetchall() if is_unspelled]
    if new:
        cursor.execute(_SPELL, [new, [_array(nearby(term[1:])) for term in new]])


def _text(title: str, tags: str, summary: str, body: str) -> _Text:
    text = _Text()
    for weight, lines in (("A", [title]), ("B", tags.split("\n")), ("C", summary.split("\n"))):
        for line in lines:
            _add(text, line, weight)
    _add(text, body, "D")
    return text


def _vector(text: _Text) -> str:
    """Return the vector as PostgreSQL reads it; no term holds a quote or a backslash."""
    terms = [f"'{stem}':{','.join(places)}" for stem, places in text.places.items()]
    terms += [f"'{tier}{stem}'" for tier, stem in _tiers(text)]
    terms += [f"'={word}'" for word in text.spelled]
    return " ".join([EVERY, *terms])


def _array(items: Iterable[object]) -> str:
    """Return an array as PostgreSQL reads it; the items are numbers or words of letters alone."""
    return "{" + ",".join(map(str, items)) + "}"


def _add(text: _Text, words: str, weight: str) -> None:
    counts, letter = text.counts[weight], "" if weight == "D" else weight
    places, written = text.places, text.words
    place = text.next_place
    for word, stem, place, _ in placed(words, start=text.next_place):
        # A title may be made of nothing else; elsewhere the words of grammar tell nothing.
        if word in STOP_WORDS and weight != "A":
            continue
        counts[stem] += 1
        written.add(word)
        if place <= LAST_PLACE or stem not in places:
            places[stem].append(f"{place if place < LAST_PLACE else LAST_PLACE}{letter}")
    text.next_place = place + GAP


def _tiers(text: _Text) -> Iterable[tuple[str, str]]:
    shortened = 1 / (1 - LENGTH_SHARE + LENGTH_SHARE * text.length / USUAL_LENGTH)
    weights = FIELD_WEIGHTS | {"D": FIELD_WEIGHTS["D"] * shortened}
    said: Counter[str] = Counter()
    for name, weight in weights.items():
        for stem, count in text.counts[name].items():
            said[stem] += weight * count  # type: ignore[assignment]
    for stem, much in said.items():
        yield from ((tier, stem) for tier, least in TIERS.items() if much >= least)
    yield from (("^", stem) for stem in text.counts["A"])
