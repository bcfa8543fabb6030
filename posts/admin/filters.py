"""Filters of the list of posts that stay short however large the archive is."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest

from posts.models import Author, Post, Tag

SHOWN = 20


class MostUsed(admin.SimpleListFilter):
    """The most used rows of one relation, and the one chosen; the search box finds the others."""

    model: Any
    relation: str
    lookup: str = ""  # where it is not the parameter's own name

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = self.model.objects.annotate(uses=Count(self.relation)).filter(uses__gt=0)
        most = list(rows.order_by("-uses", "name").values_list("pk", "name")[:SHOWN])
        chosen = request.GET.get(self.parameter_name or "", "")
        if chosen.isascii() and chosen.isdigit() and int(chosen) not in dict(most):
            most += rows.filter(pk=chosen[:18]).values_list("pk", "name")
        return [(str(pk), name) for pk, name in sorted(most, key=lambda row: row[1].lower())]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> QuerySet[Post]:
        if self.value() not in {key for key, _ in self.lookup_choices}:
            return queryset
        return queryset.filter(**{self.lookup or str(self.parameter_name): self.value()})


class AuthorFilter(MostUsed):
    title = "author"
    parameter_name = "author"
    model, relation = Author, "posts"


class TopicFilter(MostUsed):
    title = "topic label"
    parameter_name = "topic"
    model, relation = Tag, "labelled_posts"
