"""Giving a post the content of a snapshot: an old revision put back, a change come due."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction

from posts import gate, revisions
from posts.history import RevisionNote
from posts.models import Post
from posts.snapshots import (
    CONTENT,
    FIELDS,
    ROWS,
    Rows,
    Snapshot,
    key_of,
    label_of,
    of_post,
    whole,
    with_heirs,
)


class HinderedError(Exception):
    """Readers would see at once what must not be published; `reasons` says what and how to mend."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


def locked(post_id: int) -> Post:
    """Return the whole post with its row locked until the transaction ends."""
    return whole(Post.objects.select_for_update(of=("self",), no_key=True)).get(pk=post_id)


def hindrances(post: Post, *, has_tags: bool) -> list[str]:
    """Return what stops a public post from becoming what this one is in memory: the publish gate.

    The one place where a restoration and a change for later ask it.
    """
    return gate.examine(post, has_tags=has_tags).blocking


def restore(note: RevisionNote, *, by: revisions.Person, now: datetime) -> list[str]:
    """Give the post the content it had in that revision; return what was left out, in words.

    Its address, state and times stay as they are now, and so does everything the revision did not
    know. Itself a new revision. Raises HinderedError, having changed nothing, when the post is
    out or scheduled and the old content has a fault that the present one has not.
    """
    with transaction.atomic():
        revisions.catch_up([note.post_id], now=now)
        post = locked(note.post_id)
        then = revisions.snapshots_of([note])[note.pk]
        known = hindrances(post, has_tags=post.tags.exists())
        left_out = put(post, then)
        found = hindrances(post, has_tags=post.tags.exists())
        new = [reason for reason in found if reason not in known]
        if new and (post.is_published(now) or post.is_scheduled(now)):
            raise HinderedError(new)
        kind, comment = RevisionNote.Kind.RESTORED, f"Restored from {note.moment}"
        revisions.record([post.pk], by=by, now=now, kind=kind, comment=comment)
    return left_out


def put(post: Post, wanted: Snapshot) -> list[str]:
    """Save the locked post with the snapshot's content, and return what could not be put, in words.

    Each value passes its field's own validation, the body its sanitiser. What points at something
    deleted meanwhile is left as it is (a field) or out (a row); a tag merged away lives on.
    """
    now, wanted = of_post(post), with_heirs(wanted)
    left_out = _put_fields(post, wanted, now)
    post.save()
    for spec in ROWS:
        if spec.relation in wanted.rows and wanted.rows[spec.relation] != now.rows[spec.relation]:
            left_out += _put_rows(post, spec, wanted)
    post.reindex()
    return left_out


def _put_fields(post: Post, wanted: Snapshot, now: Snapshot) -> list[str]:
    left_out = []
    for name in CONTENT:
        if name not in wanted.fields or wanted.fields[name] == now.fields[name]:
            continue
        field: Any = FIELDS[name]
        try:
            setattr(post, field.attname, field.clean(wanted.fields[name], post))
        except ValidationError:
            left_out.append(f"{label_of(name)}: {_name(field, wanted, name)}")
    if post.series_id is None:
        post.series_position = None  # A part of nothing; its series is gone.
    elif post.is_part_taken():
        left_out.append(f"Part {post.series_position}: another post is that part now")
        post.series_position = None
    return left_out


def _name(field: Any, wanted: Snapshot, name: str) -> str:
    raw = wanted.fields[name]
    if not field.is_relation:
        return str(raw)[:80] or "empty"
    return wanted.names.get(key_of(field.related_model, raw), "something that is gone")


def _put_rows(post: Post, spec: Rows, snapshot: Snapshot) -> list[str]:
    """Make the rows of one kind what they should be, touching those alone that differ."""
    model, target = spec.model, f"{spec.target}_id"
    existing = {getattr(row, target): row for row in getattr(post, spec.relation).all()}
    wanted = {row[0]: row[1:] for row in snapshot.rows[spec.relation]}
    there = set(spec.target_model._base_manager.filter(pk__in=wanted).values_list("pk", flat=True))
    gone = [row.pk for pk, row in existing.items() if pk not in wanted]
    model._base_manager.filter(pk__in=gone).delete()
    new: list[models.Model] = []
    for pk in wanted.keys() & there:
        columns = dict(zip(spec.columns, wanted[pk], strict=False))
        if pk not in existing:
            new.append(model(**{f"{spec.parent}_id": post.pk, target: pk, **columns}))
        elif any(getattr(existing[pk], name) != value for name, value in columns.items()):
            model._base_manager.filter(pk=existing[pk].pk).update(**columns)
    model._base_manager.bulk_create(new)
    keys = [key_of(spec.target_model, pk) for pk in wanted.keys() - there]
    return sorted(f"{spec.label}: {snapshot.names.get(key, 'one that is gone')}" for key in keys)
