"""The history of a post: whole revisions of it, by whom and when and what they were.

The caller says when to keep one; nothing is kept behind anybody's back.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import reversion
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from reversion.models import Version

from posts.history import RevisionNote
from posts.models import Post
from posts.snapshots import FIELDS, ROWS, Rows, Snapshot, of_post, whole

BATCH = 100
Kind = RevisionNote.Kind
Person = AbstractBaseUser | AnonymousUser | None

# What a change of the status is called.
TURNS = {"review": Kind.SUBMITTED, "published": Kind.PUBLISHED, "withdrawn": Kind.WITHDRAWN}


@dataclass(frozen=True)
class Cause:
    """Who made a post what it is, when, and how it is told."""

    by: Person
    now: datetime
    kind: str
    comment: str


reversion.register(Post, fields=list(FIELDS), follow=[spec.relation for spec in ROWS])
for _spec in ROWS:
    reversion.register(_spec.model, fields=[_spec.parent, _spec.target, *_spec.columns])


def record(
    post_ids: Iterable[int], *, by: Person, now: datetime, kind: str = "", comment: str = ""
) -> int:
    """Keep a revision of each of these posts that differs from its last one; return how many.

    To be called after tags and all are saved, in the same transaction. Without a kind, the status
    says what it was. Idempotent. Nine queries per hundred posts, and a dozen per revision.
    """
    ids, kept = list(post_ids), 0
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        with transaction.atomic():
            latest = latest_snapshots(batch)
            for post in whole(Post.objects.filter(pk__in=batch)).order_by("pk"):
                before, after = latest.get(post.pk), of_post(post)
                if before is None or after.differs_from(before):
                    called = kind or _kind_of(before, post, now)
                    _keep(post, after, Cause(by, now, called, comment or Kind(called).label))
                    kept += 1
    return kept


def catch_up(post_ids: Iterable[int], *, now: datetime) -> None:
    """Keep what the posts are before somebody changes them.

    The first time it is the state before there was any history. Later it is what an import, a
    merged tag or a deleted one made of the post: the next editor shall not be named for that.
    """
    ids = list(post_ids)
    known = set(RevisionNote.objects.filter(post_id__in=ids).values_list("post_id", flat=True))
    record(known, by=None, now=now, kind=Kind.ELSEWHERE)
    record(set(ids) - known, by=None, now=now, kind=Kind.FIRST)


def _kind_of(before: Snapshot | None, post: Post, now: datetime) -> str:
    old = before.fields.get("status") if before else Post.Status.DRAFT
    if post.status == old:
        return Kind.SAVED
    if post.is_scheduled(now):
        return Kind.SCHEDULED
    return TURNS.get(post.status, Kind.SAVED)


def _keep(post: Post, snapshot: Snapshot, cause: Cause) -> None:
    by = cause.by
    with reversion.create_revision(manage_manually=True):
        reversion.add_to_revision(post)
        reversion.set_user(by if by is not None and by.is_authenticated else None)
        reversion.set_date_created(cause.now)
        reversion.set_comment(cause.comment)
        reversion.add_meta(
            RevisionNote,
            post=post,
            kind=cause.kind,
            is_published=post.status == Post.Status.PUBLISHED,
            relations=sorted(snapshot.rows),
            names=snapshot.names,
        )


# -- Reading ------------------------------------------------------------------------------------


def latest_snapshots(post_ids: list[int]) -> dict[int, Snapshot]:
    """Return the last kept state of each post that has one, by the post's key; two queries."""
    notes = list(RevisionNote.objects.latest_of_each(post_ids))
    by_note = snapshots_of(notes)
    return {note.post_id: by_note[note.pk] for note in notes}


def snapshots_of(notes: Iterable[RevisionNote]) -> dict[int, Snapshot]:
    """Return what each revision kept, by the note's key; one query.

    Read from the JSON itself: what was written under an older form of the tables, with fields that
    came since missing and fields that went still there, is no error.
    """
    notes = list(notes)
    versions: dict[int, list[Version]] = {note.revision_id: [] for note in notes}
    for version in Version.objects.filter(revision__in=versions).order_by("pk"):
        versions[version.revision_id].append(version)
    return {note.pk: _snapshot(note, versions[note.revision_id]) for note in notes}


def _snapshot(note: RevisionNote, versions: list[Version]) -> Snapshot:
    own = ContentType.objects.get_for_model(Post).pk
    kinds = {ContentType.objects.get_for_model(spec.model).pk: spec for spec in ROWS}
    fields: dict[str, Any] = {}
    rows: dict[str, list[list[Any]]] = {
        spec.relation: [] for spec in ROWS if spec.relation in note.relations
    }
    for version in versions:
        kept = _fields_in(version)
        spec = kinds.get(version.content_type_id)
        if version.content_type_id == own:
            fields = kept
        elif spec and spec.relation in rows and spec.target in kept:
            rows[spec.relation].append(_row(kept, spec))
    return Snapshot(fields, {name: sorted(kept) for name, kept in rows.items()}, note.names)


def _fields_in(version: Version) -> dict[str, Any]:
    """Return the fields as written; none where the text is not what a revision holds."""
    try:
        fields = json.loads(version.serialized_data)[0]["fields"]
    except (ValueError, LookupError, TypeError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _row(kept: dict[str, Any], spec: Rows) -> list[Any]:
    columns: Any = [spec.model._meta.get_field(name) for name in spec.columns]
    return [kept[spec.target], *(kept.get(field.name, field.get_default()) for field in columns)]
