"""The import of subscribers by form: the command's work, and its report as a page."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from subscriptions import roster
from subscriptions.importing import (
    LONGEST_CONSENT,
    OUTCOMES,
    UNCHANGED,
    Import,
    Options,
    Outcome,
)

LARGEST = 5_000_000  # bytes; some 100,000 people. The command takes any file.
MOST_SHOWN = 500  # lines of the report


class ImportForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        help_text="In UTF-8, with a header: email, and if you have them frequency (instant, daily "
        "or weekly), tags (separated by |) and confirmed_at.",
        error_messages={"empty": "This file is empty.", "required": "Choose a file."},
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    consent = forms.CharField(
        label="Where and when they agreed",
        required=False,
        max_length=LONGEST_CONSENT,
        help_text="Kept with each person as proof. Lines with confirmed_at are then confirmed; "
        "everybody else is mailed a confirmation first.",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError(
                "This file has more than 5 MB. Split it, or use the command import_subscribers."
            )
        return file


@dataclass
class Report:
    """What became of the lines: all counted, the first of those that tell something shown."""

    is_rehearsal: bool
    counts: Counter[str] = field(default_factory=Counter)
    lines: list[Outcome] = field(default_factory=list)
    hidden: int = 0

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome.outcome] += 1
        if outcome.outcome == UNCHANGED:
            return
        if len(self.lines) < MOST_SHOWN:
            self.lines.append(outcome)
        else:
            self.hidden += 1

    def totals(self) -> list[tuple[str, int]]:
        return [(name, self.counts[name]) for name in OUTCOMES]


def import_view(request: HttpRequest, model_admin: Any) -> HttpResponse:
    """Show the form; take the file, and show what became, or would become, of each line."""
    if not model_admin.has_import_permission(request):
        raise PermissionDenied
    form = ImportForm(request.POST or None, request.FILES or None)
    report = _run(form, is_rehearsal="import" not in request.POST) if form.is_valid() else None
    context = {
        **admin.site.each_context(request),
        "title": "Import subscribers", "form": form, "report": report,
        "opts": model_admin.model._meta,
    }  # fmt: skip
    status = 422 if form.errors else 200
    return TemplateResponse(
        request, "admin/subscriptions/subscriber/import.html", context, status=status
    )


def _run(form: ImportForm, *, is_rehearsal: bool) -> Report | None:
    """Import; return the report, or None with the form's error when the file is none to take."""
    report = Report(is_rehearsal)
    options = Options(form.cleaned_data["consent"].strip(), is_rehearsal)
    with _on_disk(form.cleaned_data["file"]) as path:
        try:
            for outcome in Import(options, timezone.now()).run(roster.inspect(path)):
                report.add(outcome)
        except roster.UnreadableFile as error:
            form.add_error("file", f"Nothing was imported. {error}")
            return None
    return report


@contextmanager
def _on_disk(file: UploadedFile) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(suffix=".csv") as copy:
        for chunk in file.chunks():
            copy.write(chunk)
        copy.flush()
        yield Path(copy.name)
