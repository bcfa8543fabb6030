"""What one editor typed and another saved, field by field.

Both sides are read through the form, so that whatever fields and tables it has, now or later, take
part without being named here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Model
from django.forms import BaseModelForm
from django.utils.choices import flatten_choices
from django_prose_editor.fields import ProseEditorFormField

from posts.comparison import Passage, Prose, Value, compare, said
from posts.prose import sanitize_body

Sides = tuple[BaseModelForm, list[Any]]  # a form and its tables


@dataclass(frozen=True)
class Difference:
    """One field that differs: where, in safe HTML, and which side is chosen at first."""

    name: str
    label: str
    passages: tuple[Passage, ...]  # `before` is theirs, `after` is mine
    is_mine: bool


def differences(mine: Sides, theirs: Sides) -> list[Difference]:
    """Return the fields whose saved value differs from the one typed, in the form's order.

    `mine` is the form and its tables bound to what was typed, `theirs` the same as saved.
    """
    typed, saved = _values(*mine), _values(*theirs)
    labels = _labels(*theirs)
    touched = _touched(mine[0], labels)
    return [
        Difference(
            name=change.label,
            label=labels[change.label],
            passages=change.passages,
            is_mine=touched is None or change.label in touched,
        )
        for change in compare(saved, typed)
    ]


def _labels(form: BaseModelForm, formsets: list[Any]) -> dict[str, str]:
    tables = {
        formset.prefix: str(formset.model._meta.verbose_name_plural).capitalize()
        for formset in formsets
    }
    return {name: str(form[name].label) for name in form.fields} | tables


def _touched(form: BaseModelForm, names: Iterable[str]) -> set[str] | None:
    """Return the fields this person changed, None when the form did not say."""
    said_touched = form.data.get("touched")
    if said_touched is None:
        return None
    boxes = said_touched.split(",")
    return {
        name
        for name in names
        if any(box == name or box.startswith((f"{name}_", f"{name}-")) for box in boxes)
    }


def _values(form: BaseModelForm, formsets: list[Any]) -> dict[str, Value]:
    values = {name: _value(form, name) for name in form.fields}
    return values | {formset.prefix: tuple(_rows(formset)) for formset in formsets}


def _rows(formset: Any) -> Iterable[str]:
    """Yield each row of a table in words, without the empty and the deleted ones."""
    hidden = {formset.model._meta.pk.name, formset.fk.name, "DELETE"}
    for row in formset.forms:
        is_deleted = row.is_bound and row["DELETE"].data if "DELETE" in row.fields else False
        if is_deleted or (not row.has_changed() and not row.instance.pk):
            continue
        yield " · ".join(said(_value(row, name)) for name in row.fields if name not in hidden)


def _value(form: BaseModelForm, name: str) -> Value:
    """Return a field's value, typed or saved, as it is compared; else as it was typed."""
    field: Any = form.fields[name]
    if not form.is_bound:
        value = form.get_initial_for_field(field, name)
        value = field.clean(value) if value and hasattr(field, "queryset") else value
    elif name in form.errors or name not in form.cleaned_data:
        return str(form[name].value() or "")
    else:
        value = form.cleaned_data[name]
    return _in_words(field, value)


def _in_words(field: Any, value: Any) -> Value:
    if isinstance(field, ProseEditorFormField):
        return Prose(sanitize_body(value or ""))
    if isinstance(field, forms.ModelMultipleChoiceField):
        return tuple(sorted(str(row) for row in value or ()))
    if isinstance(value, datetime):
        return value.replace(microsecond=0)  # As exact as the form's own boxes.
    if isinstance(field, forms.BooleanField):
        return bool(value)
    if isinstance(field, forms.ChoiceField) and not isinstance(value, Model):
        choices: Any = field.choices
        return str(dict(flatten_choices(choices)).get(value, value or ""))
    return "" if value is None else str(value).replace("\r\n", "\n")
