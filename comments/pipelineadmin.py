"""The spam rules in the admin: weights, lists, and what they would have changed before saving."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from comments import defaults
from comments.reasons import signed
from comments.records import SpamLine
from comments.replay import replay
from comments.rules import MOST_POINTS, ListError, domains_in, words_in
from comments.rulesets import RuleSet, newest
from comments.spam import SPAM_FROM

LONGEST_LIST = 100_000  # characters
VERSIONS_SHOWN = 10
SHOWN = 100  # changed decisions


class RulesForm(forms.Form):
    """Weights by code and the two lists. After `is_valid()`, `version` is the unsaved RuleSet."""

    words = forms.CharField(
        label="Words", required=False, max_length=LONGEST_LIST,
        widget=forms.Textarea({"rows": 18, "cols": 44, "spellcheck": "false"}),
        help_text="One entry a line with its points: “free spins = 40”. Whole words only; a * at "
        "the end stands for any ending. Lines that begin with # are for you.",
    )  # fmt: skip
    domains = forms.CharField(
        label="Domains", required=False, max_length=LONGEST_LIST,
        widget=forms.Textarea({"rows": 18, "cols": 44, "spellcheck": "false"}),
        help_text="One domain or ending a line with its points, its subdomains included. With 0 "
        "points it is a source: links to it are not counted.",
    )  # fmt: skip

    def __init__(self, data: Any = None, *, version: RuleSet) -> None:
        rules = version.as_rules()
        initial: dict[str, Any] = {"words": version.words, "domains": version.domains}
        initial |= {f"weight_{code}": points for code, points in rules.weights.items()}
        super().__init__(data, initial=initial)
        for code, (points, meaning) in defaults.WEIGHTS.items():
            self.fields[f"weight_{code}"] = forms.IntegerField(
                label=meaning[0].upper() + meaning[1:],
                min_value=-MOST_POINTS, max_value=MOST_POINTS,
                help_text=f"{code} ({points})".replace("(-", "(−"),
                error_messages={"required": f"Enter points for {code}; 0 switches it off."},
            )  # fmt: skip

    def clean_words(self) -> str:
        return self._clean_list("words")

    def clean_domains(self) -> str:
        return self._clean_list("domains")

    def _clean_list(self, name: str) -> str:
        text: str = self.cleaned_data[name].replace("\r\n", "\n")
        try:
            words_in(text) if name == "words" else domains_in(text)
        except ListError as error:
            raise ValidationError(str(error)) from error
        return text

    @property
    def version(self) -> RuleSet:
        data = self.cleaned_data
        changed = {
            code: data[f"weight_{code}"]
            for code, (points, _) in defaults.WEIGHTS.items()
            if data[f"weight_{code}"] != points
        }
        return RuleSet(weights=changed, words=data["words"], domains=data["domains"])

    @property
    def list_fields(self) -> list[forms.BoundField]:
        return [self["words"], self["domains"]]

    @property
    def weight_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("weight_")]


@admin.register(RuleSet)
class RulesDesk(admin.ModelAdmin):
    """One page instead of a list: the version in force, changed by saving another."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """Lead to the page with that version in its fields: it is saved anew, not edited."""
        return HttpResponseRedirect(f"../../?version={object_id}")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            return self._post(request)
        return self._page(request, RulesForm(version=self._asked_for(request)))

    def _post(self, request: HttpRequest) -> HttpResponse:
        """Show what would change; save when just these rules have been seen that way."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        form = RulesForm(request.POST, version=newest())
        if not form.is_valid():
            return self._page(request, form, status=422)
        version, mark = form.version, _mark(form.version)
        if "_save" in request.POST and constant_time_compare(request.POST.get("seen", ""), mark):
            version.saved_by_id = request.user.pk
            version.save()
            self.message_user(request, "These rules count from now on.", messages.SUCCESS)
            return HttpResponseRedirect(request.path)
        found = replay(newest().as_rules(), version.as_rules())
        return self._page(request, form, found=found, mark=mark, changes=found.changes[:SHOWN])

    def _asked_for(self, request: HttpRequest) -> RuleSet:
        number = request.GET.get("version", "")
        known = number.isascii() and number.isdecimal() and len(number) < 18
        return (RuleSet.objects.filter(pk=number).first() if known else None) or newest()

    def _page(
        self, request: HttpRequest, form: RulesForm, *, status: int = 200, **context: Any
    ) -> HttpResponse:
        versions = RuleSet.objects.select_related("saved_by")[:VERSIONS_SHOWN]
        may_change = self.has_change_permission(request)
        page = {**self.admin_site.each_context(request), "title": "Spam rules", "form": form,
                "opts": self.opts, "versions": versions, "may_change": may_change,
                "line": (line := SpamLine.current()), "usual_line": SPAM_FROM,
                "highest": signed(line.highest).removeprefix("+"),
                **context}  # fmt: skip
        return TemplateResponse(request, "comments/admin_rules.html", page, status=status)


def _mark(version: RuleSet) -> str:
    """Return what two equal rules have in common: whoever has it has seen their replay."""
    parts = (sorted(version.weights.items()), version.words, version.domains)
    return salted_hmac("comments.rules", repr(parts), algorithm="sha256").hexdigest()
