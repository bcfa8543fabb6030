"""The ways to narrow a search down: by topic, year and author, with counts."""

from collections import Counter
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.db.models.functions import ExtractYear

from posts.models import Author, PostQuerySet, Tag
from posts.questions import Question

FACET_OPTIONS = 12
KINDS = [kind.plural for kind in Tag.Kind]


def facets(asked: Question) -> list[dict[str, Any]]:
    """Return the ways to narrow down: each option's count is what a click on it gives.

    Three queries. A facet counts with its own filter taken away, so that one can change it.
    """
    found = [
        _facet(asked, "Topic", "tag", _tag_counts(replace(asked, tag="").matching())),
        _facet(asked, "Year", "year", _year_counts(replace(asked, year="").matching())),
        _facet(asked, "Author", "author", _author_counts(replace(asked, author="").matching())),
    ]
    return [facet for facet in found if len(facet["options"]) > 1 or facet["is_active"]]


Counted = list[tuple[str, str, int, str]]  # value, label, count, the heading it stands under


def _facet(asked: Question, label: str, param: str, counted: Counted) -> dict[str, Any]:
    chosen = getattr(asked, param)
    options = [
        {"label": name, "count": count, "is_active": value == chosen,
         "url": asked.url(**{param: "" if value == chosen else value}), "group": group}
        for value, name, count, group in counted
    ]  # fmt: skip
    return {"label": label, "param": param, "options": options, "is_active": bool(chosen)}


def _tag_counts(posts: PostQuerySet) -> Counted:
    """Count the tags most of the posts have, and put those of a kind together."""
    rows = (
        Tag.objects.filter(tagged_posts__content_object__in=posts.order_by().values("pk"))
        .annotate(count=Count("tagged_posts"))
        .order_by("-count", "name")
    )
    counted = rows.values_list("slug", "name", "count", "kind")[:FACET_OPTIONS]
    return sorted(
        ((slug, name, count, Tag.Kind(kind).plural) for slug, name, count, kind in counted),
        key=lambda row: KINDS.index(row[3]),
    )


def _year_counts(posts: PostQuerySet) -> Counted:
    rows = (
        posts.order_by()
        .annotate(year=ExtractYear("published_at", tzinfo=settings.ZONE))
        .values("year")
        .annotate(count=Count("pk", distinct=True))
        .order_by("-year")
    )
    return [(str(row["year"]), str(row["year"]), row["count"], "") for row in rows]


def _author_counts(posts: PostQuerySet) -> Counted:
    """Count each author's posts, alone and with others: one query, two rows at most for each."""
    found = posts.order_by().values("pk")
    alone, together = (
        Author.objects.order_by().filter(**{f"{rows}__in": found}).annotate(count=Count(counted))
        .values_list("slug", "name", "count")
        for rows, counted in (("posts", "posts"), ("co_authorships__post", "co_authorships"))
    )  # fmt: skip
    counts: Counter[tuple[str, str]] = Counter()
    for slug, name, count in alone.union(together, all=True):
        counts[slug, name] += count
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0][1]))
    return [(slug, name, count, "") for (slug, name), count in ranked[:FACET_OPTIONS]]
