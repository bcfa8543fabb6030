"""Taking back a merge or a renaming of tags, as far as nobody has changed things since."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, Q

from posts import reindexing
from posts.models import Post, Tag, TagAlias, TagChange, TagSlug
from posts.references import Reference, reference_of
from posts.tagging import batches

Values = dict[str, Any]
Entry = tuple[Reference, Values]  # a relation, and what the merge did to its rows


class CannotUndoError(Exception):
    """Something done since stands in the way; the message says what to do first."""


@dataclass
class Outlook:
    """What undoing a change would bring back, and what it would leave as it is."""

    lines: list[tuple[str, int, int]] = field(default_factory=list)  # label, back, left
    obstacles: list[str] = field(default_factory=list)

    @property
    def remarks(self) -> list[str]:
        """Return what could not be brought back, in words."""
        return [
            f"{label}: {left} changed or deleted since, left as they are."
            for label, _, left in self.lines
            if left
        ]


def outlook(change: TagChange) -> Outlook:
    """Return what undoing would do now; changes nothing."""
    obstacles = _obstacles(change)
    if obstacles or change.kind == TagChange.Kind.RENAME:
        return Outlook(obstacles=obstacles)
    return Outlook([_standing(record, change) for record in _records(change)])


def undo(change: TagChange, *, by: User | None, at: datetime) -> list[str]:
    """Take the change back in one transaction; return what had to be left as it is, in words.

    Rows that somebody changed since stay as they are now. Raises `CannotUndoError` when the tags
    themselves cannot come back: a name was given away, or a later change stands on this one.
    """
    with transaction.atomic():
        change = TagChange.objects.select_for_update().get(pk=change.pk)
        list(Tag.objects.select_for_update().filter(pk=change.tag_pk))
        found = outlook(change)
        if found.obstacles:
            raise CannotUndoError(" ".join(found.obstacles))
        if change.kind == TagChange.Kind.MERGE:
            _undo_merge(change, at)
        else:
            _undo_rename(change)
        change.undone_at, change.undone_by = at, by
        change.remarks = "\n".join(found.remarks)
        change.save(update_fields=["undone_at", "undone_by", "remarks"])
    return found.remarks


def _undo_merge(change: TagChange, at: datetime) -> None:
    data = change.data
    for values in data["tags"]:
        TagAlias.objects.filter(tag=change.tag_pk, name__iexact=values["name"]).delete()
        TagSlug.objects.filter(tag=change.tag_pk, slug=values["slug"]).delete()
    if data["enters_header"]:
        Tag.objects.filter(pk=change.tag_pk).update(is_in_navigation=False)
    for values in data["tags"]:
        _row(Tag, values).save(force_insert=True)
    affected: set[int] = set()
    for record in _records(change):
        affected |= _restore(record, change)
    Post.objects.mark_saved(affected, at=at)
    reindexing.refresh(affected)


def _undo_rename(change: TagChange) -> None:
    before, data = change.data["before"], change.data
    tag = Tag.objects.get(pk=change.tag_pk)
    TagAlias.objects.filter(tag=tag, name__iexact=before["name"]).delete()
    tag.name = before["name"]
    tag.move_to(before["slug"])
    tag.save(update_fields=["name", "slug"])
    for name in data["dropped"]:
        if not Tag.objects.known_as(name).exists():
            TagAlias.objects.create(tag=tag, name=name)
    tag.reindex_posts()


def _obstacles(change: TagChange) -> list[str]:
    if change.undone_at:
        return ["This has been undone already."]
    tag = Tag.objects.filter(pk=change.tag_pk).first()
    if tag is None:
        later = TagChange.objects.standing().filter(merged_pks__contains=[change.tag_pk]).first()
        if later:
            return [f"The tag has been merged on since ({later}). Undo that first."]
        return ["The tag has been deleted since, and with it what could be brought back."]
    if change.kind == TagChange.Kind.MERGE:
        return [taken for values in change.data["tags"] for taken in _taken(values, change)]
    after, before = change.data["after"], change.data["before"]
    if (tag.name, tag.slug) != (after["name"], after["slug"]):
        return [f"The tag has been renamed again since: it is “{tag}”, /tag/{tag.slug}/ now."]
    return _taken(before, change)


def _taken(wanted: Values, change: TagChange) -> list[str]:
    """Return why this name and address cannot come back: somebody has them now."""
    live = Tag.objects.filter(Q(slug=wanted["slug"]) | Q(name__iexact=wanted["name"]))
    if change.kind == TagChange.Kind.RENAME:
        live = live.exclude(pk=change.tag_pk)
    # The surviving tag's own other name gives way: it is what the merged tag left behind.
    named = TagAlias.objects.filter(name__iexact=wanted["name"]).exclude(tag=change.tag_pk)
    holders = [*live[:2], *Tag.objects.filter(pk__in=named.values("tag"))]
    return [
        f"“{wanted['name']}” or its address /tag/{wanted['slug']}/ belongs to “{holder}” by now. "
        "Rename that tag, or take the name off it, first."
        for holder in dict.fromkeys(holders)
    ]


def _records(change: TagChange) -> list[Entry]:
    """Return what the merge did to each relation it touched and that still exists."""
    rows = change.data["rows"]
    touched = [row for row in rows if row["moved"] or row["twins"] or row["loops"]]
    pairs = [(reference_of(record["of"]), record) for record in touched]
    return [(reference, record) for reference, record in pairs if reference]


def _standing(entry: Entry, change: TagChange) -> tuple[str, int, int]:
    """Return the label, how many rows would come back, and how many have been changed since."""
    reference, record = entry
    moved = [pk for pks in record["moved"].values() for pk in pks]
    back = sum(_unmoved(reference, change.tag_pk, batch).count() for batch in batches(moved))
    removed = len(record["twins"]) + len(record["loops"])
    back += len(_restorable(entry, change))
    return reference.label, back, len(moved) + removed - back


def _restore(entry: Entry, change: TagChange) -> set[int]:
    """Bring one relation's rows back; return the posts concerned."""
    reference, record = entry
    removed = _restorable(entry, change)
    posts = {pk for row in removed for pk in _post_of(reference, row)}
    for source, pks in record["moved"].items():
        for batch in batches(pks):
            rows = _unmoved(reference, change.tag_pk, batch)
            posts |= {pk for row in rows for pk in _post_of(reference, row)}
            rows.update(**{reference.name: int(source)})
    reference.model._base_manager.bulk_create(removed, ignore_conflicts=True)
    return posts


def _unmoved(reference: Reference, target: int, pks: list[int]) -> Any:
    """Return those of the rows that still point where the merge put them."""
    return reference.rows([target]).filter(pk__in=pks)


def _restorable(entry: Entry, change: TagChange) -> list[Model]:
    """Return the removed rows whose reason still stands: all they name exists, and so does the
    twin for which each was taken out. Without it an editor has decided anew since."""
    reference, record = entry
    twins = [_row(reference.model, values) for values in record["twins"]]
    for others, condition in list(reference.unique_sets())[:1] if twins else []:
        there = reference.rows([change.tag_pk]).filter(condition).values_list(*others, "pk")
        kept = {key[:-1] for key in there}
        names = [reference.model._meta.get_field(name).attname for name in others]  # type: ignore[union-attr]
        twins = [row for row in twins if tuple(getattr(row, name) for name in names) in kept]
    loops = [_row(reference.model, values) for values in record["loops"]]
    return _whole(reference, [*twins, *loops], change)


def _whole(reference: Reference, rows: list[Model], change: TagChange) -> list[Model]:
    """Return the rows of which nothing they point at is missing."""
    for key in reference.model._meta.concrete_fields if rows else []:
        if not key.is_relation:
            continue
        wanted = {getattr(row, key.attname) for row in rows} - {None}
        model: Any = key.related_model
        there = {None, *model._base_manager.filter(pk__in=wanted).values_list("pk", flat=True)}
        if model is Tag:
            there |= set(change.merged_pks)  # They come back first.
        rows = [row for row in rows if getattr(row, key.attname) in there]
    return rows


def _row(model: type[Model], values: Values) -> Model:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return model(**{
        name: fields[name].to_python(value) for name, value in values.items() if name in fields
    })  # fmt: skip


def _post_of(reference: Reference, row: Model) -> list[int]:
    """Return the post whose search index the row is part of."""
    if reference.key == "posts.taggedpost.tag":
        return [row.content_object_id]  # type: ignore[attr-defined]
    return [row.pk] if reference.key == "posts.post.topic" else []
