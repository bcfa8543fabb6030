"""The form at the moderation desk: its buttons, a reply as staff, and a reader's words."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from comments import spam
from comments.models import STEPS, Comment

# Button or action, what it is called, its key, and what is said of the comments it changed.
VERBS = {
    "approve": ("Approve", "a", "published"),
    "mark_spam": ("Spam", "s", "marked as spam"),
    "remove": ("Remove", "d", "removed"),
    "hide": ("Hide", "", "hidden"),
}
CHANGED_MEANWHILE = (
    "The writer changed this since you opened it. Open the page again to see the words as they "
    "are now. You had typed: “{}”"
)


CHANGED_UNREAD = (
    "The writer changed this since you opened it. Open the page again to read the words as they "
    "are now, then decide. Your reply, if you wrote one, is in its box: copy it first."
)

DECIDED_MEANWHILE = (
    "Somebody has decided about this meanwhile: it is {} by now. Nothing was changed. Open the "
    "page again if you still want to. Your reply, if you wrote one, is in its box: copy it first."
)


def pressed(data: Mapping[str, Any]) -> str | None:
    """Return the verb of the desk's button that sent this form, or None for a plain "Save"."""
    return next((verb for verb in VERBS if f"_{verb}" in data), None)


def steps_from(state: str) -> list[str]:
    """Return the verbs that are open to a comment in this state."""
    to = {"approve": "published", "mark_spam": "spam", "remove": "removed", "hide": "hidden"}
    return [verb for verb in VERBS if state in STEPS[to[verb]]]


class DeskForm(forms.ModelForm):
    """Our own answer, and a reader's name and words, in case something has to come out of them.

    Each of the latter goes with what it was when the page was opened: what nobody touched is not
    sent back over what the writer changed meanwhile.
    """

    reply = forms.CharField(
        label="Reply as staff",
        required=False,
        widget=forms.Textarea({"rows": 5, "cols": 80}),
        help_text="Published at once under your name. A comment that waits is approved with it.",
    )
    new_name = forms.CharField(
        label="Name", required=False, show_hidden_initial=True, widget=forms.TextInput({"size": 40})
    )
    new_body = forms.CharField(
        label="Text",
        required=False,
        strip=False,
        show_hidden_initial=True,
        widget=forms.Textarea({"rows": 8, "cols": 80}),
        help_text="Readers are told that this was “edited by the editors”.",
    )

    opened_as = forms.CharField(required=False, widget=forms.HiddenInput)  # the state shown

    class Meta:
        model = Comment
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        comment = self.instance
        self.initial = {"new_name": comment.name, "new_body": comment.body,
                        "opened_as": comment.state}  # fmt: skip

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

    def clean_new_name(self) -> str:
        return self._reworded("name", longest=spam.LONGEST_NAME, is_one_line=True)

    def clean_new_body(self) -> str:
        return self._reworded("body", longest=spam.LONGEST_TEXT)

    def clean(self) -> dict[str, Any]:
        """Decide about nothing that was not on the page: words or state may have changed."""
        opened, state = self.data.get("initial-new_body"), self.data.get("opened_as")
        is_decided = pressed(self.data) or self.cleaned_data.get("reply")
        if is_decided and opened is not None and _plain(opened) != _plain(self.instance.body):
            raise ValidationError(CHANGED_UNREAD)
        if is_decided and state and state != self.instance.state:
            now = self.instance.get_state_display().lower()
            raise ValidationError(DECIDED_MEANWHILE.format(now))
        return self.cleaned_data

    def _reworded(self, name: str, *, longest: int, is_one_line: bool = False) -> str:
        """Return the words as they shall be: those that are there, unless this form changed them.

        It need not hold the field at all.
        """
        field, there = f"new_{name}", str(getattr(self.instance, name))
        opened = _plain(self.data.get(f"initial-{field}", there))
        typed = _plain(self.cleaned_data[field])
        if field not in self.data or typed == opened:
            return there
        if opened != _plain(there):
            raise ValidationError(CHANGED_MEANWHILE.format(typed))
        if not typed.strip():
            raise ValidationError("To take everything out, remove the comment instead.")
        if found := spam.problems(typed, longest=longest, is_one_line=is_one_line):
            raise ValidationError(found)
        return typed.strip()


def _plain(text: str) -> str:
    """Return the text as it was stored before a browser's form changed its line ends."""
    return text.replace("\r\n", "\n")
