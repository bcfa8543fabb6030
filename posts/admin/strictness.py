"""How strict the publish gate is: editors' own levels for its rules."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from posts.models import GateRule
from posts.rules import RULES

LABELS = {rule.name: rule.label for rule in RULES}


class GateRuleForm(forms.ModelForm):
    rule = forms.ChoiceField(
        choices=[(rule.name, f"{rule.label} (if not said here: {rule.level.label.lower()})")
                 for rule in RULES],
        help_text="A post that fails a rule of the first level is not published, nor is a change "
        "to a public post saved, before it is mended.",
    )  # fmt: skip

    class Meta:
        model = GateRule
        fields = ["rule", "level"]


@admin.register(GateRule)
class GateRuleAdmin(admin.ModelAdmin):
    """A rule without a row has our level: the form's choices say which."""

    form = GateRuleForm
    list_display = ["label", "level"]
    list_editable = ["level"]
    ordering = ["rule"]

    @admin.display(description="rule", ordering="rule")
    def label(self, row: GateRule) -> str:
        return LABELS.get(row.rule, f"{row.rule} (no rule of this version)")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["label"] if obj else []

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["label", "level"] if obj else ["rule", "level"]
