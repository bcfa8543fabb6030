"""A post's comments as its pages show them: fifty threads each, the first answers of every one.

Written for speed, since it is part of every post's page: against an include per comment, model
instances and date filters, it costs a sixth. What a page reads is bounded whatever has been said:
its threads, then so many answers to each comment; the rest is on the thread's own page.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import BooleanField, IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from comments.models import Comment
from pbrsite.database.statements import Statement
from pbrsite.paths import path_to

PER_PAGE = 50  # threads
PER_PART = 200  # comments of one thread on a page of its own
ANSWERS = 5  # to each comment; the others one click away

# A dictionary, not an object: a template finds a key at a third of what an attribute costs it.
Row = dict[str, Any]
COLUMNS = (
    "pk", "parent", "depth", "public_id", "state", "name", "body_html", "is_staff", "created_at",
    "edited_at", "staff_edited_at",
)  # fmt: skip

# The words of `comments.models.EVER_SHOWN`, for the index of that condition.
_EVER = (
    "(state IN ('published', 'hidden', 'removed', 'erased')"
    " OR decided_at IS NOT NULL OR edited_at IS NOT NULL)"
)
_ANSWERED = "EXISTS (SELECT FROM comments_comment AS b WHERE b.parent_id = a.id AND {})"
_SHOWN = "(state = 'published' OR {})"  # or a tombstone above what is
_PUBLIC_BELOW = _ANSWERED.format("b.state = 'published'")
_PUBLIC_FURTHER = _ANSWERED.format(
    "(b.state = 'published' OR EXISTS (SELECT FROM comments_comment AS c"
    " WHERE c.parent_id = b.id AND c.state = 'published'))"
)
_ROOTS = (
    "FROM comments_comment AS a WHERE post_id = %s AND depth = 0"
    f" AND {_EVER} AND {_SHOWN.format(_PUBLIC_FURTHER)}"
)
_BELOW = (
    "SELECT one.id FROM {above} AS above, LATERAL ("  # noqa: S608
    "SELECT id FROM comments_comment AS a WHERE parent_id = above.id AND {shown}"
    f" ORDER BY created_at, id LIMIT {ANSWERS + 1}) AS one"
)
# As an array, not a join: Postgres takes the rows by their keys then, however many it expects.
_PAGE = f"""comments_comment.id = ANY (ARRAY(
    WITH root AS MATERIALIZED (
        SELECT id {_ROOTS} ORDER BY created_at, id LIMIT {PER_PAGE + 1} OFFSET %s
    ), answer AS MATERIALIZED (
        {_BELOW.format(above="root", shown=_SHOWN.format(_PUBLIC_BELOW))}
    ), further AS (
        {_BELOW.format(above="answer", shown="state = 'published'")}
    )
    SELECT id FROM root UNION ALL SELECT id FROM answer UNION ALL SELECT id FROM further
))"""  # noqa: S608 (nothing in it comes from outside)
_TOTAL = "(SELECT count(*) FROM comments_comment WHERE post_id = %s AND state = 'published')"


@dataclass(frozen=True)
class Page:
    """Some of a post's threads in reading order, and whether there are later ones."""

    rows: list[Row]
    has_more: bool
    total: int  # public comments of the whole post

    def holds(self, public_id: str) -> bool:
        return any(row["public_id"] == public_id and row["is_public"] for row in self.rows)


def page(post_pk: int, slug: str, number: int = 1) -> Page:
    """Return the so-manieth page of a post's threads, oldest first; one query.

    An empty page is beyond the end, or of a post that nobody has commented on.
    """
    found = _page(post_pk, (number - 1) * PER_PAGE)
    rows = [_row(slug, *columns) for *columns, _ in found]
    roots = [row["pk"] for row in rows if row["parent"] is None]
    later = set(roots[PER_PAGE:])
    shown = [row for row in rows if row["pk"] not in later]
    total = found[0][-1] if found else 0
    return Page(in_reading_order(shown, most=ANSWERS), has_more=bool(later), total=total)


@Statement
def _page(post_pk: int, offset: int) -> QuerySet[Comment, tuple[Any, ...]]:
    chosen = RawSQL(_PAGE, (post_pk, offset), output_field=BooleanField())  # noqa: S611
    total = RawSQL(_TOTAL, (post_pk,), output_field=IntegerField())  # noqa: S611
    rows = Comment.objects.filter(chosen).annotate(total=total).order_by("created_at", "pk")
    found: QuerySet[Comment, tuple[Any, ...]] = rows.values_list(*COLUMNS, "total")
    return found


def count(post_pk: int) -> int:
    """Return how many threads of the post readers see; one query."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) {_ROOTS}", [post_pk])
        (number,) = cursor.fetchone()
    return int(number)


@dataclass(frozen=True)
class Part:
    """Some of one thread in reading order, below what they answer, and of how many parts."""

    rows: list[Row]
    parts: int


def part(root: Comment, number: int = 1) -> Part:
    """Return the so-manieth two hundred of what was said below a comment; two queries.

    No rows are beyond the end, or of a thread that readers see nothing of.
    """
    parents = _outline(root)
    order = list(parents)
    shown = order[(number - 1) * PER_PART : number * PER_PART]
    above = parents.get(shown[0]) if shown else None
    while above is not None:  # What the first one answers stands above it again.
        shown.append(above)
        above = parents.get(above)
    found = Comment.objects.public_for(root.post_id).filter(pk__in=shown).values_list(*COLUMNS)
    rows = in_reading_order([_row(root.post.slug, *columns) for columns in found])
    return Part(rows, -(-len(order) // PER_PART))


def part_of(root: Comment, said: Comment) -> int:
    """Return the number of the part of the thread that holds a comment; one query."""
    order = list(_outline(root))
    return order.index(said.pk) // PER_PART + 1 if said.pk in order else 1


def _outline(root: Comment) -> dict[int, int | None]:
    """Return each comment of a thread with its parent, in reading order; one query."""
    found = Comment.objects.public_for(root.post_id).in_thread(root).values_list("pk", "parent")
    answers: dict[int | None, list[int]] = {}
    for pk, parent in found:
        answers.setdefault(parent, []).append(pk)
    return dict(_below(answers, None))


def _below(
    answers: dict[int | None, list[int]], parent: int | None
) -> Iterator[tuple[int, int | None]]:
    for pk in answers.get(parent, []):
        yield pk, parent
        yield from _below(answers, pk)


def _row(slug: str, *columns: Any) -> Row:
    """Return what the template shows of a comment, and what `in_reading_order` goes by."""
    (pk, parent, depth, public_id, state, name, body_html, is_staff, created_at, edited_at,
     staff_edited_at) = columns  # fmt: skip
    words, exact, iso = _moment(created_at)
    return {
        "pk": pk, "parent": parent, "depth": depth, "public_id": public_id,
        "anchor": f"comment-{public_id}", "is_public": state == Comment.State.PUBLISHED.value,
        "url": f"{path_to('comments:create', slug)}{public_id}/",
        "name": name, "body_html": body_html, "is_staff": is_staff,
        "words": words, "exact": exact, "iso": iso,
        "edited": _moment(edited_at)[1] if edited_at else "",
        "staff_edited": _moment(staff_edited_at)[1] if staff_edited_at else "",
        "is_first_reply": False, "is_last_of_level": False, "closing": (), "rest_of": "",
    }  # fmt: skip


def _moment(when: datetime) -> tuple[str, str, str]:
    """Return a time in the site's zone as a page needs it: in words, exact, and for machines."""
    local = when.astimezone(settings.ZONE)
    words = f"{local.day} {local:%B %Y}"
    return words, f"{local:%A} {words}, {local:%H:%M}", local.isoformat(timespec="seconds")


def in_reading_order(rows: Iterable[Row], *, most: int | None = None) -> list[Row]:
    """Return the rows depth first, each level oldest first, from rows ordered by time.

    Each says which lists open before and close after it: flat rows, not nested templates, since
    an include per comment costs more than the rest of the thread. Of more than `most` answers to
    one comment the last row says where the others are: its `rest_of` is the thread's address.
    """
    answers: dict[int | None, list[Row]] = {}
    for row in rows:
        answers.setdefault(row["parent"], []).append(row)
    ordered: list[Row] = []
    for root in answers.get(None, []):
        _walk(answers, root, ordered, most=most, thread=f"{root['url']}thread/")
    for row, following in zip_longest(ordered, ordered[1:]):
        next_depth = following["depth"] if following else -1
        row["is_last_of_level"] = next_depth <= row["depth"]
        row["closing"] = range(max(0, row["depth"] - max(next_depth, 0)))
    return ordered


def _walk(
    answers: dict[int | None, list[Row]],
    row: Row,
    ordered: list[Row],
    *,
    most: int | None,
    thread: str,
) -> None:
    ordered.append(row)
    below = answers.get(row["pk"], [])
    for position, answer in enumerate(below[:most]):
        answer["is_first_reply"] = position == 0
        _walk(answers, answer, ordered, most=most, thread=thread)
    if most is not None and len(below) > most:
        ordered.append({"depth": row["depth"] + 1, "rest_of": thread, "name": row["name"],
                        "is_public": False, "public_id": "", "pk": None})  # fmt: skip
