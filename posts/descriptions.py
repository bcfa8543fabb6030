"""A snapshot of a post in an editor's words: labels as in the form, names instead of keys."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django_prose_editor.fields import ProseEditorField

from posts.comparison import Change, Prose, Value, compare
from posts.snapshots import (
    CONTENT,
    DECIDED_NOW,
    FIELDS,
    NAMED_BY,
    ROWS,
    Rows,
    Snapshot,
    key_of,
    label_of,
)


@dataclass(frozen=True)
class Difference:
    changes: list[Change]
    unchanged: int  # fields


def difference(before: Snapshot, after: Snapshot) -> Difference:
    """Return what changed from one to the other; at most a query per kind of thing pointed at."""
    old, new = described(before, after)
    changes = compare(old, new)
    return Difference(changes, len(old.keys() & new.keys()) - len(changes))


def described(*snapshots: Snapshot) -> list[dict[str, Value]]:
    """Return each as labels and values: the content in the form's order, then the publishing.

    What the keys point at has its name of today, or where it is gone the name it had.
    """
    names = current_names(*snapshots)
    return [_described(snapshot, snapshot.names | names) for snapshot in snapshots]


def _described(snapshot: Snapshot, names: dict[str, str]) -> dict[str, Value]:
    content = {name: _value(name, snapshot, names) for name in CONTENT if name in snapshot.fields}
    rows: dict[str, Value] = {
        spec.relation: _row_names(spec, snapshot.rows[spec.relation], names)
        for spec in ROWS
        if spec.relation in snapshot.rows
    }
    decided = {
        name: _value(name, snapshot, names)
        for name in FIELDS
        if name in DECIDED_NOW and name in snapshot.fields
    }
    return {label_of(name): value for name, value in (content | rows | decided).items()}


def _value(name: str, snapshot: Snapshot, names: dict[str, str]) -> Value:
    field, raw = FIELDS[name], snapshot.fields[name]
    if raw is None or raw == "":
        return ""
    if isinstance(field, ProseEditorField):
        return Prose(str(raw))
    if field.is_relation:
        return names.get(key_of(field.related_model, raw), "something that is gone")
    if field.choices:
        return str(dict(field.flatchoices).get(raw, raw))
    try:
        value = field.to_python(raw)
    except ValidationError:
        return str(raw)
    return value if isinstance(field, models.DateTimeField | models.BooleanField) else str(value)


def _row_names(spec: Rows, rows: list[list[Any]], names: dict[str, str]) -> tuple[str, ...]:
    said = []
    for target, *columns in rows:
        name = names.get(key_of(spec.target_model, target), "something that is gone")
        said.append((columns[::-1], _row_words(spec, name, columns)))
    return tuple(words for _, words in sorted(said))


def _row_words(spec: Rows, name: str, columns: list[Any]) -> str:
    """Return the name with what else the row says, as in “Pin to the top: A title (no. 2)”."""
    for column, raw in zip(spec.columns, columns, strict=False):
        field: Any = spec.model._meta.get_field(column)
        if field.choices:
            name = f"{dict(field.flatchoices).get(raw, raw)}: {name}"
        elif raw:
            name = f"{name} (no. {raw})"
    return name


def current_names(*snapshots: Snapshot) -> dict[str, str]:
    """Return the names of what is still there, by key; one query per kind."""
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for snapshot in snapshots:
        for model, pk in targets(snapshot):
            wanted[model].add(pk)
    names: dict[str, str] = {}
    for model, pks in wanted.items():
        rows = model._base_manager.filter(pk__in=pks).values_list("pk", NAMED_BY[model])
        names |= {key_of(model, pk): name for pk, name in rows}
    return names


def targets(snapshot: Snapshot) -> list[tuple[type[models.Model], Any]]:
    """Return each thing the snapshot points at, as model and key."""
    found: list[tuple[type[models.Model], Any]] = [
        (field.related_model, snapshot.fields[name])
        for name, field in FIELDS.items()
        if field.is_relation and snapshot.fields.get(name) is not None
    ]
    for spec in ROWS:
        found += [(spec.target_model, row[0]) for row in snapshot.rows.get(spec.relation, [])]
    return found
