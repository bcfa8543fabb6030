"""The search index: of each post one row with its words, and of each word how many posts hold it.

Built here and not by PostgreSQL's own configurations, so that the words of texts and of queries
are made the same in one place (`posts.tokens`). What a row holds of a post's words is said in
`posts.searchvectors`.

The GIN index of the rows takes new words on a list first and sorts them in together: of a few
hundred posts at once in half the time, since common words are then looked up once. So that no look
reads that list, whoever writes rows empties it at once, in the same transaction.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import connection, models, transaction
from django.utils import timezone

from pbrsite.database.base import DatabaseWrapper
from posts.searchvectors import nearby, vector

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
    left(post.plain_text, $1)
FROM posts_post post JOIN posts_author author ON author.id = post.author_id
WHERE post.id = ANY($2) ORDER BY post.id
"""
# One order of locks: a post's row, as every verb takes it, then the index, then its entry.
_LOCK_POSTS = "SELECT FROM posts_post WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_LOCK_INDEX = "SELECT pg_advisory_xact_lock(hashtext('posts_searchentry'))"
# The list may take a few hundred posts before it is emptied, see above.
_GATHER = "SET LOCAL gin_pending_list_limit = '64MB'"
_SORT_IN = "SELECT gin_clean_pending_list('posts_searchentry_terms')"
# Lists are handed over as lines, which costs psycopg a tenth of what arrays do.
# Counted is only what the public sees, so that no hidden word is ever offered as a better spelling;
# what is hidden or deleted later is taken back by a trigger. Written is only what changes.
_STORE = """
WITH given AS MATERIALIZED (
    SELECT post.id AS post_id, CASE WHEN post.status = 'published' THEN post.published_at END
               AS released_at, string_to_array(given.authors, ' ')::bigint[] AS authors,
           coalesce(string_to_array(given.tags, ' ')::bigint[], '{}') AS tags,
           given.length::int, coalesce(string_to_array(given.title, ' '), '{}') AS title,
           given.terms::tsvector AS terms,
           post.status = 'published' AND coalesce(post.published_at <= $7::timestamptz, false)
               AS is_counted
    FROM unnest(string_to_array($1, E'\n'), string_to_array($2, E'\n'), string_to_array($3, E'\n'),
                string_to_array($4, E'\n'), string_to_array($5, E'\n'), string_to_array($6, E'\n'))
        AS given (post_id, authors, tags, length, title, terms)
    JOIN posts_post post ON post.id = given.post_id::bigint
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
)
SELECT post_id, is_counted, CASE WHEN was_counted THEN tsvector_to_array(old_terms) END, old_length
FROM changed
"""
_COUNT = """
UPDATE posts_searchterm AS known SET posts = known.posts + given.posts::bigint
FROM unnest(string_to_array($1, E'\n'), string_to_array($2, E'\n')) AS given (term, posts)
WHERE known.term = given.term RETURNING known.term
"""
_COUNT_FIRST = """
INSERT INTO posts_searchterm (term, posts, nearby)
SELECT term, posts::bigint, coalesce(string_to_array(nearby, ' '), '{}')
FROM unnest(string_to_array($1, E'\n'), string_to_array($2, E'\n'), string_to_array($3, E'\n'))
    AS given (term, posts, nearby)
RETURNING term
"""
_OVERDUE = """
(SELECT id FROM posts_post post
 WHERE NOT EXISTS (SELECT FROM posts_searchentry WHERE post_id = post.id)
 ORDER BY id DESC LIMIT %(most)s)
UNION ALL
(SELECT post_id FROM posts_searchentry
 WHERE NOT is_counted AND released_at IS NOT NULL AND released_at <= %(now)s LIMIT %(most)s)
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
            # /search/; new words are sorted in together (see above).
            GinIndex("terms", name="posts_searchentry_terms", fastupdate=True),
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
            # A word misspelled, on /search/; kept in order at once.
            GinIndex("nearby", name="posts_searchterm_nearby", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"{self.term} ({self.posts})"


def index(post_ids: Iterable[int], *, size: int = BATCH) -> None:
    """Bring the index of these posts up to date, and the numbers of their words; idempotent.

    Posts that are gone are passed over, and what has not changed is not written. So many at a time
    are one transaction of its own, unless the caller has one. Writers of the index take turns, or
    two could wait for each other's words.
    """
    ordered = sorted(set(post_ids))
    size = (len(ordered) or 1) if connection.in_atomic_block else size
    for held in _parts(ordered, size):
        with transaction.atomic(savepoint=False), connection.cursor() as cursor:
            cursor.execute(_LOCK_POSTS, [held])
            cursor.execute(_LOCK_INDEX)
            cursor.execute(_GATHER)
            counts: Counter[str] = Counter()
            changed = sum(_store(batch, counts) for batch in _parts(held, BATCH))
            _count(counts)
            if changed:
                cursor.execute(_SORT_IN)


def sort_in() -> None:
    """Sort new words into the index that somebody left on its list; costs nothing without any."""
    with connection.cursor() as cursor:
        cursor.execute(_SORT_IN)


def overdue(now: datetime, *, most: int) -> list[int]:
    """Return posts without an entry, the newest first, and those whose time came; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, {"now": now, "most": most})
        return [pk for (pk,) in cursor.fetchall()]


def _parts(post_ids: list[int], size: int) -> list[list[int]]:
    return [post_ids[start : start + size] for start in range(0, len(post_ids), size)]


def _store(post_ids: list[int], counts: Counter[str]) -> int:
    """Write the entries of these posts; note what that changes in the numbers of their words.

    Returns how many entries changed.
    """
    rows = _asked(_TEXTS, [READ, post_ids])
    vectors = {row[0]: vector(*row[3:]) for row in rows}
    if not rows:
        return 0
    made = list(vectors.values())
    columns = (
        vectors, (_spaced(row[1]) for row in rows), (_spaced(row[2]) for row in rows),
        (one.length for one in made), (" ".join(one.title) for one in made),
        (one.text for one in made),
    )  # fmt: skip
    changed = _asked(_STORE, [*map(_lines, columns), timezone.now()])
    for post_id, is_counted, old_terms, old_length in changed:
        if is_counted:
            counts.update(vectors[post_id].terms)
            counts["#words"] += vectors[post_id].length
        if old_terms is not None:
            counts.subtract(old_terms)
            counts["#words"] -= old_length
    return len(changed)


def _count(counts: Counter[str]) -> None:
    """Add to the numbers of these words; one query, one more when there are new words.

    Whoever does holds the lock of the index.
    """
    more = {term: number for term, number in sorted(counts.items()) if number}
    if not more:
        return
    for (term,) in _asked(_COUNT, [_lines(more), _lines(more.values())]):
        del more[term]
    if more:
        near = [" ".join(nearby(term[1:])) if term[0] == "=" else "" for term in more]
        _asked(_COUNT_FIRST, [_lines(more), _lines(more.values()), _lines(near)])


def _asked(sql: str, values: list[Any]) -> list[tuple[Any, ...]]:
    with cast(DatabaseWrapper, connection).prepared_cursor() as cursor:
        cursor.execute(sql, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _lines(items: Iterable[object]) -> str:
    return "\n".join(map(str, items))


def _spaced(numbers: Iterable[int]) -> str:
    return " ".join(map(str, numbers))
