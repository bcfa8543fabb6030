"""The form at the moderation desk: its buttons, and a reply as staff."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from comments import spam
from comments.models import STEPS, Comment

# Button or action, what it is called, and what is said of the comments it changed.
VERBS = {
    "approve": ("Approve", "published"),
    "mark_spam": ("Spam", "marked as spam"),
    "remove": ("Remove", "removed"),
    "hide": ("Hide", "hidden"),
}


def pressed(data: Mapping[str, Any]) -> str | None:
    """Return the verb of the desk's button that sent this form, or None for a plain "Save"."""
    return next((verb for verb in VERBS if f"_{verb}" in data), None)


class DeskForm(forms.ModelForm):
    """A reader's words are never edited here; the one field is our own answer."""

    reply = forms.CharField(
        label="Reply as staff",
        required=False,
        widget=forms.Textarea({"rows": 5, "cols": 80}),
        help_text="Published at once under your name. A comment that waits is approved with it.",
    )

    class Meta:
        model = Comment
        fields: list[str] = []

    def clean_reply(self) -> str:
        text: str = self.cleaned_data["reply"].replace("\r\n", "\n")
        if pressed(self.data) not in {None, "approve"}:
            return text  # Nothing of it is published: it is only handed back.
        if found := spam.problems(text, longest=spam.LONGEST_TEXT):
            raise ValidationError(found)
        will_be_public = {str(Comment.State.HELD), str(Comment.State.PUBLISHED)}
        if pressed(self.data) == "approve":
            will_be_public |= set(STEPS["published"])
        if text and self.instance.state not in will_be_public:
            raise ValidationError("Approve this comment first: it is not in public.")
        return text
