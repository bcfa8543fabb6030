"""Which comments the desk lists: one state, and one person's."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from comments.admin import histories
from comments.models import Comment


class StateFilter(admin.SimpleListFilter):
    """One state; the list opens with what waits, and with everything of one person's."""

    title = "state"
    parameter_name = "state"

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.first = "all" if AuthorFilter.parameter_name in request.GET else Comment.State.HELD
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        held = Comment.State.HELD
        rest = [choice for choice in Comment.State.choices if choice[0] != held]
        return [(held.value, held.label), *rest, ("all", "All")]

    @property
    def shown(self) -> str:
        return self.value() or self.first

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield our own list alone: its first entry, not "All", is what opens."""
        for lookup, title in self.lookup_choices:
            yield {
                "selected": self.shown == lookup,
                "query_string": changelist.get_query_string({self.parameter_name: lookup}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> QuerySet[Comment]:
        return queryset if self.shown == "all" else queryset.filter(state=self.shown)


class AuthorFilter(admin.SimpleListFilter):
    """Everything by who wrote one comment, named by that comment and not by an address."""

    title = "author"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer nothing by itself: a link beside each comment leads here."""
        asked = request.GET.get(self.parameter_name, "")
        return [(asked, "The author of one comment")] if asked else []

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": "Everybody"} if choice["display"] == "All" else choice

    def queryset(self, request: HttpRequest, queryset: QuerySet[Comment]) -> QuerySet[Comment]:
        public_id = (self.value() or "").replace("\x00", "")  # Postgres knows no NUL.
        return queryset.filter(pk__in=histories.with_the_author_of(public_id).values("pk"))
