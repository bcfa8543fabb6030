"""The reader's forms."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Field, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from email_validator import EmailNotValidError, validate_email

from comments import spam
from comments.models import Comment
from pbrsite.forms import HoneypotForm, TrapForm
from posts.models import Post

LONGEST_ADDRESS = 254
NO_ADDRESS = "Enter an e-mail address such as name@example.org."
PARENT_GONE = (
    "The comment you are answering is not on this page any more. Your text is kept below; "
    "sent again, it becomes a comment of its own."
)
STALE = (
    "This form was open for more than a day, or was changed on its way. "
    "Your text is kept below; please send it again."
)


class TextForm(forms.Form):
    """What somebody says: the text of a comment, as it was typed and within the limits."""

    body = forms.CharField(
        label="Your comment",
        error_messages={"required": "Write your comment."},
        help_text=f"Up to {spam.LONGEST_TEXT:,} characters. Links, *emphasis*, "
        "&gt; quotations and lists work.",
        widget=forms.Textarea({"rows": 8}),
    )

    def clean_body(self) -> str:
        body = self.cleaned_data["body"].replace("\r\n", "\n").replace("\r", "\n")
        return _within_limits(body, longest=spam.LONGEST_TEXT)


class EditForm(TextForm):
    """New words for a comment of one's own; the cookie says whose it is."""

    def __init__(self, *args: Any, comment: Comment, action: str, **kwargs: Any) -> None:
        defaults: dict[str, Any] = {"auto_id": "comment-%s", "initial": {"body": comment.body}}
        super().__init__(*args, **defaults | kwargs)
        self.helper = _plain_helper(action)
        self.helper.layout = Layout(
            Field("body"),
            HTML('<div class="button-row"><button type="submit" class="btn btn-primary">'
                 'Save</button> <button type="submit" name="choice" value="withdraw" '
                 'class="btn btn-secondary" formnovalidate>Withdraw it</button></div>'),
        )  # fmt: skip


class FindForm(HoneypotForm):
    """Asks for an address; the answer is mailed there."""

    email = forms.CharField(
        label="Your e-mail",
        error_messages={"required": NO_ADDRESS},
        help_text="The one you left with your comments.",
        widget=forms.EmailInput({"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = _plain_helper(reverse("comments:find"))
        self.helper.layout = Layout(
            Field("email"),
            Div(Field("url"), css_class="honeypot", aria_hidden="true"),
            HTML('<button type="submit" class="btn btn-primary">Mail me a link</button>'),
        )

    def clean_email(self) -> str:
        return _address(self.cleaned_data["email"])


class CommentForm(TextForm, TrapForm):
    """A comment on one post. Of a bound form, `parent` after `is_valid()` is a Comment or None."""

    name = forms.CharField(
        label="Your name",
        error_messages={"required": "Enter your name, or the one you want shown."},
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    email = forms.CharField(
        label="Your e-mail",
        error_messages={"required": NO_ADDRESS},
        help_text="For the moderators, and for what you tick below.",
        widget=forms.EmailInput({"autocomplete": "email"}),
    )
    notify = forms.BooleanField(
        label="E-mail me about replies",
        required=False,
        help_text="And tell me when mine is published. Stop it with one click.",
    )
    remember = forms.BooleanField(
        label="Remember me in this browser",
        required=False,
        help_text="Later comments may appear at once. It takes one cookie. For either box we "
        "mail you a link once, to be sure the address is yours.",
    )
    parent = forms.CharField(required=False, widget=forms.HiddenInput)
    work = forms.CharField(required=False, widget=forms.HiddenInput)  # See comments.work.

    def __init__(
        self, *args: Any, post: Post, parent: Comment | None = None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("auto_id", "comment-%s")  # Another form of the page has an e-mail too.
        super().__init__(*args, subject_of_form=str(post.pk), **kwargs)
        self.post = post
        self.parent_shown = parent
        self.helper = _helper(post)

    def clean_name(self) -> str:
        return _within_limits(
            self.cleaned_data["name"], longest=spam.LONGEST_NAME, is_one_line=True
        )

    def clean_email(self) -> str:
        return _address(self.cleaned_data["email"])

    def clean_parent(self) -> Comment | None:
        public_id = self.cleaned_data["parent"]
        if not public_id:
            return None
        parent = (
            Comment.objects.filter(post=self.post, public_id=public_id)
            .published()
            .select_related("parent")
            .first()
        )
        if parent is None:
            raise ValidationError(PARENT_GONE)
        self.parent_shown = parent
        return parent

    def forget_parent(self) -> None:
        """Hand the form back as one that answers nothing: what it answered is gone."""
        self.parent_shown = None
        self.add_error("parent", PARENT_GONE)

    def clean(self) -> dict[str, Any]:
        """Hand an overdue or tampered form back; one without any token is judged, not refused."""
        if self.is_stale and not self.is_unsigned:
            raise ValidationError(STALE)
        return self.cleaned_data

    @property
    def is_unsigned(self) -> bool:
        return not self.data.get("rendered")

    @property
    def parent_id(self) -> str:
        """Return what the hidden field says: the parent only while it can be answered."""
        return self.parent_shown.public_id if self.parent_shown else ""

    @property
    def summary(self) -> list[tuple[str, str]]:
        """Return (field's id, message) pairs for the error summary, in the form's order."""
        pairs = [("comment-body", str(error)) for error in self.non_field_errors()]
        for name, errors in self.errors.items():
            if name != "__all__":
                target = "comment-body" if self.fields[name].widget.is_hidden else f"comment-{name}"
                pairs += [(target, str(error)) for error in errors]
        return pairs


def _address(text: str) -> str:
    """Return the address in lower case. No DNS question is asked; `.test` is let through."""
    try:
        found = validate_email(
            text,
            check_deliverability=False,
            test_environment=True,
            strict=True,  # Also the length of the local part.
        )
    except EmailNotValidError as error:
        raise ValidationError(NO_ADDRESS) from error
    address = found.normalized.lower()
    if len(address) > LONGEST_ADDRESS:  # Lower-case letters can be longer: İ becomes two.
        raise ValidationError(NO_ADDRESS)
    return address


def _within_limits(text: str, *, longest: int, is_one_line: bool = False) -> str:
    if found := spam.problems(text, longest=longest, is_one_line=is_one_line):
        raise ValidationError(found)
    return text


def _plain_helper(action: str) -> FormHelper:
    helper = FormHelper()
    helper.form_action = action
    helper.disable_csrf = True  # The same-origin rule stands guard.
    helper.form_show_errors = True
    helper.attrs = {"novalidate": True}  # Our messages say more, and stay on the page.
    return helper


def _helper(post: Post) -> FormHelper:
    helper = _plain_helper(reverse("comments:create", args=[post.slug]))
    helper.form_id = "comment-form"
    helper.layout = Layout(
        HTML('<input type="hidden" name="parent" value="{{ form.parent_id }}">'),
        HTML('<input type="hidden" name="rendered" value="{{ form.render_token }}">'),
        HTML('<input type="hidden" name="work">'),
        HTML('<p class="form-promise">Comments are checked before they appear. Your e-mail '
             "address is never published. Fields marked * are required.</p>"),
        Field("name"),
        Field("email"),
        Field("body"),
        Field("notify"),
        Field("remember"),
        Div(Field("url"), css_class="honeypot", aria_hidden="true"),
        HTML('<div class="button-row"><button type="submit" class="btn btn-primary">Send comment'
             '</button><button type="submit" class="btn" '
             'formaction="{{ form.helper.form_action }}preview/">Preview</button></div>'),
    )  # fmt: skip
    return helper
