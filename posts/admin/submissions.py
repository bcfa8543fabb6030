"""What a form sends, as data: read off a form as a browser would, merged, brought up to date."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.forms import BaseModelForm
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from lxml import html

from pbrsite.characters import printable
from pbrsite.numbers import row_number

OF_THE_PAGE = {"csrfmiddlewaretoken", "form_key", "from_key", "based_on"}


def form_key(key: object) -> str:
    """Return a form's key as it is stored; raises TypeError for what is no text."""
    return printable(key)[:32]  # type: ignore[arg-type]


def form_moment(text: str) -> datetime | None:
    """Return the saving a form says it was opened with; None for what is no moment."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and timezone.is_aware(moment) else None


def typed_fields(data: QueryDict) -> dict[str, list[str]]:
    """Return what a person typed of what a form sent: no buttons, no tokens."""
    return {
        printable(name): [printable(str(value)) for value in values]
        for name, values in data.lists()
        if name not in OF_THE_PAGE and not name.startswith("_")
    }


def as_sent(boxes: Iterable[Any]) -> tuple[set[str], list[tuple[str, str]]]:
    """Return the names of the boxes' inputs, and what a browser would send for them untouched."""
    form: Any = html.fragment_fromstring("".join(str(box) for box in boxes), create_parent="form")
    return {name for name in form.inputs.keys() if name}, form.form_values()  # noqa: SIM118


def merged(data: QueryDict, saved: tuple[BaseModelForm, list[Any]], names: set[str]) -> QueryDict:
    """Return the data with the named fields and tables as they are saved, the rest as sent."""
    form, formsets = saved
    merged_data = data.copy()
    for name in names & set(form.fields):
        inputs, values = as_sent([form[name]])
        _replace(merged_data, inputs, values)
    for formset in formsets:
        if formset.prefix in names:
            stale = {key for key in merged_data if key.startswith(f"{formset.prefix}-")}
            rows = [box for row in formset.initial_forms for box in row]
            _, values = as_sent([*formset.management_form, *rows])
            _replace(merged_data, stale, values)
            merged_data[f"{formset.prefix}-TOTAL_FORMS"] = str(len(formset.initial_forms))
    return merged_data


def _replace(data: QueryDict, names: set[str], values: list[tuple[str, str]]) -> None:
    for name in names:
        data.pop(name, None)
    for name, value in values:
        data.appendlist(name, value)


def rebased(data: QueryDict, prefix: str, rows: QuerySet[Any]) -> tuple[QueryDict, list[int]]:
    """Return a table's data fit for the rows there are now, and which of these it holds.

    Django takes the first INITIAL_FORMS rows for existing ones and refuses them all if one is
    gone: a row deleted meanwhile becomes a new one, and those kept come in the database's order.
    """
    sent = _rows(data, prefix)
    if not sent:
        return data, []
    key = rows.model._meta.pk.name
    numbers = [row_number((row.get(key) or [""])[0]) for row in sent]
    by_pk = {number: row for number, row in zip(numbers, sent, strict=True) if number is not None}
    alive = list(rows.filter(pk__in=by_pk).values_list("pk", flat=True)) if by_pk else []
    kept = [by_pk.pop(pk) for pk in alive]
    new = [{**row, key: [""]} for row in sent if row not in kept and "DELETE" not in row]
    fresh = data.copy()
    for name in [name for name in fresh if name.startswith(f"{prefix}-")]:
        if row_number(name.removeprefix(f"{prefix}-").partition("-")[0]) is not None:
            del fresh[name]
    for number, row in enumerate([*kept, *new]):
        for field, values in row.items():
            fresh.setlist(f"{prefix}-{number}-{field}", values)
    fresh[f"{prefix}-TOTAL_FORMS"] = str(len(kept) + len(new))
    fresh[f"{prefix}-INITIAL_FORMS"] = str(len(kept))
    return fresh, alive


def _rows(data: QueryDict, prefix: str) -> list[dict[str, list[str]]]:
    """Return the numbered rows of a table in their order, each as {field: values}."""
    rows: dict[int, dict[str, list[str]]] = {}
    for name, values in data.lists():
        start, _, field = name.removeprefix(f"{prefix}-").partition("-")
        number = row_number(start) if name.startswith(f"{prefix}-") else None
        if number is not None and field:
            rows.setdefault(number, {})[field] = values
    return [rows[number] for number in sorted(rows)]
