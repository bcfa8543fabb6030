"""A whole post as a value: what its editors typed and chose, to be kept, compared and put back.

JSON throughout, so that a snapshot kept years ago is read without the models of its day.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from django.core import serializers
from django.db import models
from django.db.models import Prefetch
from django.utils.text import capfirst

from posts.models import Author, Image, Post, PostQuerySet, Series, Tag, TagChange


@dataclass(frozen=True)
class Rows:
    """A table whose rows are part of the post, such as its tags: one row per `target`."""

    relation: str  # the post's name for them
    label: str  # as in the form
    parent: str  # the foreign key to the post
    target: str  # the foreign key to what the row points at
    columns: tuple[str, ...] = ()  # what else an editor says in it

    @property
    def model(self) -> type[models.Model]:
        related: Any = Post._meta.get_field(self.relation)
        return related.related_model  # type: ignore[no-any-return]

    @property
    def target_model(self) -> type[models.Model]:
        target: Any = self.model._meta.get_field(self.target)
        return target.related_model  # type: ignore[no-any-return]

    def named_targets(self) -> models.QuerySet:
        return self.target_model._base_manager.only(NAMED_BY[self.target_model])


ROWS = (
    Rows("co_authorships", "Further authors", parent="post", target="author",
         columns=("position",)),
    Rows("tagged_posts", "Tags", parent="content_object", target="tag"),
    Rows("related_choices", "Related posts chosen by hand", parent="post", target="related",
         columns=("verdict", "position")),
)  # fmt: skip

FIELDS: dict[str, Any] = {
    column.name: column
    for column in Post._meta.local_fields
    if (column.editable or column.name == "status") and not column.primary_key
}
# Whether, where and when the public sees the post: decided now, never by what was once.
DECIDED_NOW = frozenset(
    ["slug", "status", "published_at", "not_before", "revised_at", "is_open_to_comments",
     "is_mailed"]
)  # fmt: skip
CONTENT = tuple(name for name in FIELDS if name not in DECIDED_NOW)
# The column that names a row of what posts point at.
NAMED_BY: dict[type[models.Model], str] = {
    Author: "name", Image: "file_name", Post: "title", Series: "title", Tag: "name",
}  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    """The post's fields by name, its rows by relation as [target's pk, columns …]; JSON values.

    A field or relation that was not known when it was kept is absent. `names` says what the keys
    pointed at, for the day it is gone.
    """

    fields: dict[str, Any]
    rows: dict[str, list[list[Any]]]
    names: dict[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(data["fields"], data["rows"], data["names"])

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def as_initial(self) -> dict[str, Any]:
        """Return the content and the tags as a form of the post takes them."""
        content = {name: self.fields[name] for name in CONTENT if name in self.fields}
        return content | {"tags": [row[0] for row in self.rows.get("tagged_posts", [])]}

    def differs_from(self, other: Self) -> bool:
        """Return whether anything differs that both know."""
        return any(
            mine[name] != others[name]
            for mine, others in ((self.fields, other.fields), (self.rows, other.rows))
            for name in mine.keys() & others.keys()
            if name in FIELDS or name in self.rows
        )


def with_heirs(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with tags merged away since as the tags they live on in.

    One query, and one for every time such a tag was merged on.
    """
    kept = {name for name, column in FIELDS.items() if column.related_model is Tag}
    specs = [spec for spec in ROWS if spec.target_model is Tag and spec.relation in snapshot.rows]
    pks = [snapshot.fields.get(name) for name in kept]
    pks += [row[0] for spec in specs for row in snapshot.rows[spec.relation]]
    heirs = TagChange.objects.heirs({pk for pk in pks if isinstance(pk, int)})
    if not heirs:
        return snapshot
    moved = {name: heirs.get(pk, pk) for name, pk in snapshot.fields.items() if name in kept}
    rows = {spec.relation: _inherited(snapshot.rows[spec.relation], heirs) for spec in specs}
    names = {key_of(Tag, new): snapshot.names[key] for old, new in heirs.items()
             if (key := key_of(Tag, old)) in snapshot.names}  # fmt: skip
    return Snapshot(snapshot.fields | moved, snapshot.rows | rows, names | snapshot.names)


def _inherited(rows: list[list[Any]], heirs: dict[int, int]) -> list[list[Any]]:
    """Return the rows with each target's heir in its place, no target twice."""
    moved = {heirs.get(row[0], row[0]): row[1:] for row in rows}
    return sorted([target, *columns] for target, columns in moved.items())


def whole(posts: PostQuerySet) -> PostQuerySet:
    """Return the posts with all a snapshot reads: one query and two per kind of row."""
    keys = [name for name, column in FIELDS.items() if column.is_relation]
    rows = [Prefetch(f"{spec.relation}__{spec.target}", spec.named_targets()) for spec in ROWS]
    return posts.select_related(*keys).prefetch_related(*rows)


def of_post(post: Post) -> Snapshot:
    """Return the post as it is in memory, its rows as in the database; no query for a `whole` one.

    Times lose their microseconds, as they do in everything kept.
    """
    names = {}
    for name, column in FIELDS.items():
        if column.is_relation and (target := getattr(post, name)) is not None:
            names[name_key(target)] = str(target)
    rows = {}
    for spec in ROWS:
        kept = list(getattr(post, spec.relation).all())
        targets = [getattr(row, spec.target) for row in kept]
        names |= {name_key(target): str(target) for target in targets}
        rows[spec.relation] = sorted(row_of(row, spec) for row in kept)
    return Snapshot(fields_of(post), rows, names)


def fields_of(post: Post) -> dict[str, Any]:
    written = serializers.serialize("json", [post], fields=list(FIELDS))
    fields: dict[str, Any] = json.loads(written)[0]["fields"]
    return fields


def row_of(row: models.Model, spec: Rows) -> list[Any]:
    return [getattr(row, f"{spec.target}_id"), *(getattr(row, name) for name in spec.columns)]


def name_key(target: models.Model) -> str:
    return key_of(type(target), target.pk)


def key_of(model: type[models.Model], pk: Any) -> str:
    return f"{model._meta.label_lower}:{pk}"


def label_of(name: str) -> str:
    """Return the label of a field or a kind of row, as the form has it."""
    for spec in ROWS:
        if name == spec.relation:
            return spec.label
    return str(capfirst(FIELDS[name].verbose_name))


# -- Two hands on one post ----------------------------------------------------------------------


@dataclass(frozen=True)
class Merged:
    """What comes of a change to a post that was changed meanwhile.

    `snapshot` holds both; of the fields in `conflicts`, which both changed, it holds the winner's.
    """

    snapshot: Snapshot
    conflicts: list[str]


def merge(base: Snapshot, change: Snapshot, now: Snapshot, *, is_now_kept: bool = False) -> Merged:
    """Carry over to `now` what `change` did to `base`, the content alone; three ways, per field.

    A field the change did not touch keeps its value of now; one that both touched is a conflict,
    in which the change wins, or with `is_now_kept` what is there now. Rows merge one by one: a tag
    added here and another added there are both there.
    """
    conflicts = []
    fields = dict(now.fields)
    for name in CONTENT:
        if name not in base.fields or name not in change.fields:
            continue
        three = base.fields[name], change.fields[name], now.fields.get(name)
        fields[name], is_conflict = _decide(*three, is_now_kept=is_now_kept)
        conflicts += [name] * is_conflict
    rows = dict(now.rows)
    for relation in set(base.rows) & set(change.rows) & set(now.rows):
        sides = [_by_target(side.rows[relation]) for side in (base, change, now)]
        merged, is_conflict = _merge_rows(*sides, is_now_kept=is_now_kept)
        rows[relation] = merged
        conflicts += [relation] * is_conflict
    return Merged(Snapshot(fields, rows, base.names | change.names | now.names), conflicts)


def _decide(base: Any, change: Any, now: Any, *, is_now_kept: bool) -> tuple[Any, bool]:
    if change in (base, now):
        return now, False
    if now == base:
        return change, False
    return (now if is_now_kept else change), True


def _merge_rows(
    base: dict[Any, Any], change: dict[Any, Any], now: dict[Any, Any], *, is_now_kept: bool
) -> tuple[list[list[Any]], bool]:
    rows = []
    has_conflict = False
    for target in sorted({*base, *change, *now}):
        three = base.get(target), change.get(target), now.get(target)
        row, is_conflict = _decide(*three, is_now_kept=is_now_kept)
        rows += [row] if row is not None else []
        has_conflict |= is_conflict
    return rows, has_conflict


def _by_target(rows: Iterable[list[Any]]) -> dict[Any, list[Any]]:
    return {row[0]: row for row in rows}
