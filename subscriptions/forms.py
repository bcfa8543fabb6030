"""The forms of sign-up and preferences."""

import re
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Field, Layout, Submit
from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from pbrsite.forms import HoneypotForm
from posts.models import Tag
from subscriptions import addresses
from subscriptions.models import LONGEST_PAUSE, Kind, Subscriber

LONGEST_ADDRESS = 254  # RFC 5321, with the brackets off
MOST_TOPICS = 50
PROMISE = "One e-mail every day at noon, only when there is something new. Leave with one click."


class Slugs(forms.MultipleChoiceField):
    """Any slugs at all: looking them up is the job's part, so the request's time tells nothing."""

    def valid_value(self, value: str) -> bool:
        return True

    def clean(self, value: Any) -> list[str]:
        """Return the well-formed ones; a topic that makes no sense is no reason to refuse."""
        slugs = [text for text in super().clean(value) if re.fullmatch(r"[-\w]{1,120}", text)]
        return slugs[:MOST_TOPICS]


class SubscribeForm(HoneypotForm):
    """A sign-up. Its form is in pages kept for hours, so the time of rendering says nothing: the
    honeypot, the caps and the confirmation by mail stand guard.
    """

    email = forms.CharField(
        label="E-mail address",
        max_length=LONGEST_ADDRESS,
        help_text=PROMISE,
        error_messages={
            "required": "Enter your e-mail address.",
            "max_length": "This is longer than any e-mail address can be.",
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )
    frequency = forms.CharField(
        label="How often",
        required=False,
        initial=Kind.DAILY,
        widget=forms.RadioSelect(choices=Kind.choices),
    )
    tags = Slugs(
        label="Only about",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none to hear of every post.",
    )

    def clean_email(self) -> str:
        return only_address(self)

    def clean_frequency(self) -> str:
        """Return a frequency we know; anything else means the usual one."""
        given: str = self.cleaned_data["frequency"]
        return given if given in Kind.values else Kind.DAILY


class SubscribePageForm(SubscribeForm):
    """The same form as a page of its own, with the topics to choose from."""

    def __init__(self, *args: Any, topics: list[Tag], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tags = self.fields["tags"]
        assert isinstance(tags, Slugs)  # noqa: S101 - tells the type checker
        tags.choices = [(tag.slug, tag.name) for tag in topics]
        fields = ["frequency", "tags"] if topics else ["frequency"]
        self.helper = helper("Subscribe", Field("email"), *fields, trap(), form_id="subscribe-form")


class FindForm(HoneypotForm):
    """Asks for an address; the answer is mailed there."""

    email = forms.CharField(
        label="E-mail address",
        max_length=LONGEST_ADDRESS,
        help_text="We mail you a link that opens your preferences for an hour.",
        error_messages={"required": "Enter your e-mail address."},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = helper("Mail me a link", Field("email"), trap(), form_id="find-form")

    def clean_email(self) -> str:
        return only_address(self)


class PreferencesForm(forms.ModelForm):
    topics = forms.ModelMultipleChoiceField(
        label="Only about",
        required=False,
        queryset=Tag.objects.all(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none to hear of every post.",
    )
    pause_until = forms.DateField(
        label="Send nothing until",
        required=False,
        help_text="Leave it empty to go on as usual.",
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    class Meta:
        model = Subscriber
        fields = ["frequency", "topics"]
        labels = {"frequency": "How often"}
        widgets = {"frequency": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted = Q(kind=Tag.Kind.THEME) | Q(pk__in=self.instance.topics.values("pk"))
        topics = self.fields["topics"]
        assert isinstance(topics, forms.ModelMultipleChoiceField)  # noqa: S101 - for the types
        topics.queryset = Tag.objects.filter(wanted)
        if self.instance.paused_until:
            self.initial["pause_until"] = timezone.localdate(self.instance.paused_until)
        submit = Submit("save", "Save preferences", css_class="btn btn-primary")
        self.helper = helper(submit, "frequency", "topics", "pause_until", form_id="preferences")

    def clean_pause_until(self) -> Any:
        day, today = self.cleaned_data["pause_until"], timezone.localdate()
        if day and not today < day <= today + LONGEST_PAUSE:
            raise forms.ValidationError("Choose a day after today, within a year.")
        return day


def only_address(form: forms.Form) -> str:
    """Return the form's one address as we write it; of two, nobody knows which is meant."""
    if isinstance(form.data, QueryDict) and len(form.data.getlist("email")) > 1:
        raise forms.ValidationError("Enter one e-mail address.")
    return normalise(form.cleaned_data["email"])


def normalise(email: str) -> str:
    """Return the address as we write it, or a form error that says what is wrong with it."""
    try:
        return addresses.normalise(email)
    except addresses.ImpossibleAddress as error:
        raise forms.ValidationError(str(error)) from error


def helper(button: str | Submit, *fields: Any, form_id: str) -> FormHelper:
    """Return how crispy lays a form out: errors beside the fields, no CSRF token, no cookie."""
    if isinstance(button, str):
        button = Submit("", button, css_class="btn btn-primary")
    made = FormHelper()
    made.form_id, made.disable_csrf, made.form_show_errors = form_id, True, True
    made.attrs = {"novalidate": "novalidate"}
    made.layout = Layout(*fields, Div(button, css_class="button-row"))
    return made


def trap() -> Div:
    """Return the honeypot, out of everybody's sight."""
    return Div(Field("url"), css_class="honeypot", aria_hidden="true")
