"""Comments of an export as rows: states and threads kept, addresses where only notices see them.

The network a comment came from is not even read. A comment that is here stays as it is, whatever
became of it on the blog: its moderators are ours now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from comments import markup, notices
from comments.models import DEEPEST, Comment, new_public_id
from pbrsite.wordpress import fields, remarks, report
from pbrsite.wordpress.archive import Archive
from pbrsite.wordpress.identity import Known
from pbrsite.wordpress.items import Comment as Written
from pbrsite.wordpress.items import Item, moment
from pbrsite.wordpress.report import Outcome
from posts.models import ImportedItem

NAME = 80  # characters our column holds
STATES = {
    "1": Comment.State.PUBLISHED, "approve": Comment.State.PUBLISHED,
    "approved": Comment.State.PUBLISHED, "0": Comment.State.HELD, "hold": Comment.State.HELD,
    "spam": Comment.State.SPAM,
}  # fmt: skip
LINK_BACK = "a link from another site, nobody's comment"
IN_TRASH = "in the bin of the blog"
UNKNOWN = "of a state that is not public"
EMPTY = "it says nothing"
NUMBERLESS = "it has no number, so it could not be found again"
ANONYMOUS = "Anonymous"
NO_NAME = "comments without a name: signed “Anonymous”"
CUT = "commenters' names cut at a word"


@dataclass
class Thread:
    """The comments of one post: those that are here by number, and those to be written."""

    post_pk: int
    post_key: str
    item: Item
    here: dict[int, int] = field(default_factory=dict)  # number on WordPress, row here
    rows: dict[int, Comment] = field(default_factory=dict)

    def key(self, said: Written) -> str:
        """Return the key of a comment; two blogs under one address number theirs alike."""
        return f"{said.number or ''}@{self.post_key}"[:300]


def write(archive: Archive, posts: Iterable[Known]) -> list[Outcome]:
    """Write the comments of these posts that are new; at most seven statements, however many.

    To be called in a transaction.
    """
    threads = [
        Thread(known.post.pk, known.key, known.item)
        for known in posts if known.post and known.item.comments
    ]  # fmt: skip
    if not threads:
        return []
    keys = [thread.key(said) for thread in threads for said in thread.item.comments]
    known = archive.known(ImportedItem.Kind.COMMENT, keys)
    outcomes = [
        _take(archive, thread, said, known) for thread in threads for said in thread.item.comments
    ]
    _place(threads)
    _write(archive, [written for thread in threads for written in _written(thread)])
    return outcomes


def _take(
    archive: Archive, thread: Thread, said: Written, known: dict[str, ImportedItem]
) -> Outcome:
    """Note that a comment is here, or make its row, or say why there is none."""
    key, label = thread.key(said), thread.item.slug
    if said.number and (row := known.get(key)):
        thread.here[said.number] = row.row_pk
        return Outcome("comment", key, report.UNCHANGED, label)
    text = remarks.as_markdown(said.text)
    reason = _refused(said, text)
    if reason or said.number is None:
        return Outcome("comment", key, report.SKIPPED, label, reason)
    comment, notes = _made(archive, thread, said, text)
    thread.rows[said.number] = comment
    return Outcome("comment", key, report.CREATED, label, notes=notes)


def _refused(said: Written, text: str) -> str:
    if said.number is None:
        return NUMBERLESS
    if said.kind in {"pingback", "trackback"}:
        return LINK_BACK
    if said.state in {"trash", "post-trashed"}:
        return IN_TRASH
    if said.state not in STATES:
        return UNKNOWN
    return "" if text else EMPTY


def _made(
    archive: Archive, thread: Thread, said: Written, text: str
) -> tuple[Comment, list[tuple[str, str]]]:
    # Some signed with their address, which no page of ours shows.
    name = fields.plain(said.name).partition("@")[0].strip()
    short = fields.cut(name, NAME) or ANONYMOUS
    notes = [(NO_NAME, "")] if not name else [(CUT, name)] if short != name else []
    at = moment(said.date_gmt, said.date, archive.zone) or _published(archive, thread.item)
    comment = Comment(
        public_id=new_public_id(), post_id=thread.post_pk, name=short, body=text,
        body_html=markup.render(text), state=STATES[said.state], created_at=at,
        is_staff=said.user is not None and said.user in archive.staff,
    )  # fmt: skip
    return comment, notes


def _published(archive: Archive, item: Item) -> datetime:
    return moment(item.date_gmt, item.date, archive.zone) or archive.now


def _place(threads: Sequence[Thread]) -> None:
    """Give each new comment what it answers; answers to the third level stand beside it."""
    rows = {pk for thread in threads if thread.rows for pk in thread.here.values()}
    here = Comment.objects.only("pk", "depth", "parent_id").in_bulk(rows) if rows else {}
    for thread in threads:
        above = {said.number: said.parent for said in thread.item.comments}
        placed: set[int] = set()
        for number in thread.rows:
            _place_one(thread, number, above, here, placed)


def _place_one(
    thread: Thread,
    number: int,
    above: dict[int | None, int | None],
    here: dict[int, Comment],
    placed: set[int],
) -> None:
    """Place a comment after what it answers, however the file orders them; no loop is followed."""
    line = [number]
    while line[-1] not in placed:
        parent = above.get(line[-1])
        seen = set(line)
        while parent and parent not in thread.rows and parent not in thread.here:
            parent = None if parent in seen else above.get(parent)
            seen.add(parent or 0)
        if not parent or parent in line or parent not in thread.rows:
            _attach(thread.rows[line[-1]], here.get(thread.here.get(parent or 0, 0)))
            placed.add(line[-1])
            break
        line.append(parent)
    for child, parent in zip(reversed(line[:-1]), reversed(line[1:]), strict=True):
        _attach(thread.rows[child], thread.rows[parent])
        placed.add(child)


def _attach(comment: Comment, parent: Comment | None) -> None:
    while parent is not None and parent.depth >= DEEPEST:
        parent = parent.parent
    comment.parent = parent
    comment.depth = 0 if parent is None else parent.depth + 1


def _written(thread: Thread) -> list[tuple[str, Written, Comment]]:
    said = {written.number: written for written in thread.item.comments}
    return [(thread.key(said[number]), said[number], comment)
            for number, comment in thread.rows.items()]  # fmt: skip


def _write(archive: Archive, written: Sequence[tuple[str, Written, Comment]]) -> None:
    for depth in range(DEEPEST + 1):
        level = [comment for _, _, comment in written if comment.depth == depth]
        for comment in level:
            comment.parent = comment.parent  # Its row has a number by now.
        Comment.objects.bulk_create(level)
    ImportedItem.objects.bulk_create(
        archive.remember(ImportedItem.Kind.COMMENT, key, comment.pk) for key, _, comment in written
    )
    notices.keep_contacts(
        (comment, said.email) for _, said, comment in written if not comment.is_staff
    )
