"""The part of a post's form that minds its times, and asks the gate before readers see a change."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from posts import gate, moments
from posts.models import Post


class GateForm(forms.ModelForm):
    """What is saved of a draft is nobody's business; of a post that is out it is every reader's."""

    said = ""  # What the button did, once it has.
    notes: list[str]  # What is worth telling once the form is saved.
    goes_back: bool  # Whether the button takes the post from the public, or from the schedule.
    now: datetime  # One moment for all that is asked of this form, and for what its button does.

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.notes, self.now = [], timezone.now()
        self.goes_back = self._goes_back()
        if {"published_at", "not_before"} <= cleaned.keys():
            if self._is_released():
                self._clean_times(cleaned, self.now)
            self._mind_embargo(cleaned)
        return cleaned

    def _post_clean(self) -> None:
        """Once the post is built from the fields, ask the gate if it is out or on its way.

        A fault that readers see already stops no change: the mending of another cannot wait for it.
        """
        super()._post_clean()  # type: ignore[misc]  # Django's hook; its own forms override it too.
        if self.errors or not self._is_released():
            return
        found = gate.examine(self.instance, has_tags=bool(self.cleaned_data.get("tags")))
        known = self._known_faults() if found.blocking else []
        if brought := [text for text in found.blocking if text not in known]:
            state = "public" if self.instance.is_published(self.now) else "scheduled"
            said = "Nothing is saved yet, and nothing you typed is lost: this post is"
            self.add_error(None, ValidationError([f"{said} {state}. Mend this first:", *brought]))
        self.notes += found.warnings + [f"Readers see it already: {text}" for text in known]

    def _known_faults(self) -> list[str]:
        """Return what the gate would stop in the post as it is now, if it is public."""
        now = Post.objects.get(pk=self.instance.pk)
        return gate.examine(now).blocking if now.is_published(self.now) else []

    def _is_released(self) -> bool:
        """Return whether what is saved now reaches readers without anybody pressing anything."""
        is_out = self.instance.pk and self.instance.status == Post.Status.PUBLISHED
        return bool(is_out) and not self.goes_back

    def _goes_back(self) -> bool:
        if self.instance.is_published(self.now):
            return "_withdraw" in self.data
        return "_return" in self.data and self.instance.is_scheduled(self.now)

    def _clean_times(self, cleaned: dict[str, Any], now: datetime) -> None:
        """Keep a saved change from publishing, hiding or undating the post."""
        was, typed = self.instance.published_at or now, cleaned["published_at"]
        if self.instance.is_published(now):
            cleaned["published_at"] = typed or was
            self._clean_times_of_public(cleaned, now)
        elif "_publish" in self.data:
            cleaned["published_at"] = was
        elif typed is None or typed <= now:
            self.add_error("published_at", (
                f"The post is scheduled for {moments.in_words(was)}. Type a time to come, press "
                "“Publish now” to have it out at once, or send it back to draft."
            ))  # fmt: skip

    def _clean_times_of_public(self, cleaned: dict[str, Any], now: datetime) -> None:
        since = f"The post is public since {moments.in_words(self.instance.published_at or now)}"
        if cleaned["published_at"] > now:
            self.add_error("published_at", (
                f"{since}: a time to come would hide it. Withdraw it first, then give it its new "
                "time and publish it again."
            ))  # fmt: skip
        elif (embargo := cleaned["not_before"]) and embargo > cleaned["published_at"]:
            self.add_error("not_before", (
                f"{since}: an embargo until {moments.in_words(embargo)} cannot take back what "
                "readers have seen. Clear it; or withdraw the post first, then set it and publish "
                "again."
            ))  # fmt: skip

    def _mind_embargo(self, cleaned: dict[str, Any]) -> None:
        """Say what an embargo after the time of publishing means, and move what is scheduled."""
        embargo, at = cleaned.get("not_before"), cleaned.get("published_at")
        if self.errors or not embargo or not at or at >= embargo:
            return
        self.notes.append(
            f"The embargo lasts until {moments.in_words(embargo)}, later than the time of "
            f"publishing ({moments.in_words(at)}): the post goes out when it ends."
        )
        if self._is_released():
            cleaned["published_at"] = embargo
