"""The stored search index of each post, and ranked search over it (PostgreSQL full text)."""

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db import connection
from django.db.models import Count, F, Func, Value
from django.db.models.functions import ExtractYear
from django.http import QueryDict
from django.utils.html import escape
from django.utils.safestring import mark_safe
from rapidfuzz import fuzz, process

from posts.models import Author, Post, PostQuerySet, Tag
from posts.pagination import page_context

CONFIG = "english"
FACET_OPTIONS = 12
VOCABULARY_TITLES = 5_000
LONGEST_QUERY = 200  # characters; what a person types is shorter
START, STOP = "\x02", "\x03"  # cannot occur in plain text: see posts.rendering.printable

# Title A; tags with their aliases B; standfirst, excerpt, authors C; body D. PostgreSQL refuses a
# vector over 1 MB, so of a longer body the first half million characters count.
_INDEX = """
UPDATE posts_post SET search_vector =
    setweight(to_tsvector('english', title), 'A') ||
    setweight(to_tsvector('english', coalesce((
        SELECT string_agg(concat_ws(' ', tag.name, (
            SELECT string_agg(alias.name, ' ') FROM posts_tagalias alias WHERE alias.tag_id = tag.id
        )), ' ')
        FROM posts_taggedpost link JOIN posts_tag tag ON tag.id = link.tag_id
        WHERE link.content_object_id = posts_post.id), '')), 'B') ||
    setweight(to_tsvector('english', concat_ws(' ', standfirst, excerpt, (
        SELECT name FROM posts_author WHERE id = posts_post.author_id), (
        SELECT string_agg(author.name, ' ') FROM posts_coauthor further
        JOIN posts_author author ON author.id = further.author_id
        WHERE further.post_id = posts_post.id))), 'C') ||
    setweight(to_tsvector('english', left(plain_text, 500000)), 'D')
WHERE id = ANY(%s)
"""


def mentioning(words: str) -> PostQuerySet:
    """Return posts of any state that hold the words, in `websearch` form: for the editors' list."""
    return Post.objects.filter(
        search_vector=SearchQuery(tidy(words), config=CONFIG, search_type="websearch")
    )


def index(post_ids: list[int]) -> None:
    """Bring the stored vectors of these posts up to date: one UPDATE, however many."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEX, [post_ids])


def tidy(query: str) -> str:
    """Return the query without control characters, folded and cut to a sensible length."""
    return " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", query).split())[:LONGEST_QUERY]


def within(posts: PostQuerySet, query: str, *, by_date: bool = False) -> PostQuerySet:
    """Return those of the posts that match, best first, each with `headline` (safe HTML).

    The query is in `websearch` form: "a phrase", -not, or.
    """
    wanted = SearchQuery(query, config=CONFIG, search_type="websearch")
    rank = SearchRank(F("search_vector"), wanted, cover_density=True, normalization=Value(1))
    found = posts.filter(search_vector=wanted).for_list()
    order = ["-published_at", "-pk"] if by_date else ["-rank", "-published_at", "-pk"]
    ranked: PostQuerySet = found.annotate(rank=rank, headline=_headline(wanted)).order_by(*order)
    return ranked


def _headline(wanted: SearchQuery) -> Func:
    return SearchHeadline(
        "plain_text", wanted, config=CONFIG, start_sel=START, stop_sel=STOP,
        max_fragments=2, max_words=26, min_words=12, fragment_delimiter=" … ",
    )  # fmt: skip


def mark(headline: str) -> str:
    """Return a headline as safe HTML, the hits in `<mark>`; "" when the text holds none."""
    if START not in headline:
        return ""
    text = escape(headline).replace(START, "<mark>").replace(STOP, "</mark>")
    return mark_safe(text)  # noqa: S308


@dataclass(frozen=True)
class Question:
    """What a visitor asked for; every value is optional."""

    query: str = ""
    tag: str = ""
    author: str = ""
    year: str = ""
    sort: str = "relevance"
    page: int = 1

    @classmethod
    def from_request(cls, given: QueryDict) -> Self:
        """Read the parameters. Unknown ones and impossible values count for nothing."""
        year, page = given.get("year", ""), given.get("page", "1")
        return cls(
            query=tidy(given.get("q", "")),
            tag=tidy(given.get("tag", "")),
            author=tidy(given.get("author", "")),
            year=year if re.fullmatch(r"[12]\d{3}", year) else "",
            sort="date" if given.get("sort") == "date" else "relevance",
            page=int(page) if re.fullmatch(r"\d{1,6}", page) else 1,
        )

    def url(self, **changes: Any) -> str:
        """Return the address of this question with some of it changed, from page one."""
        pairs = replace(self, **changes).parameters()
        return "/search/?" + urlencode({name: value for name, value in pairs.items() if value})

    def parameters(self) -> dict[str, str]:
        return {
            "q": self.query, "tag": self.tag, "author": self.author, "year": self.year,
            "sort": self.sort if self.sort != "relevance" else "",
        }  # fmt: skip

    @property
    def is_empty(self) -> bool:
        return not (self.query or self.tag or self.author or self.year)

    def filtered(self) -> PostQuerySet:
        """Return the published posts that pass the filters, not yet the words."""
        posts = Post.objects.published()
        if self.tag:
            posts = posts.filter(tagged_posts__tag__slug=self.tag)
        if self.author:
            author = Author.objects.filter(slug=self.author).first()
            posts = posts.by(author) if author else posts.none()
        if self.year:
            posts = posts.in_year(int(self.year))
        return posts

    def matching(self) -> PostQuerySet:
        """Return the posts that pass the filters and hold the words; unordered."""
        posts = self.filtered()
        if self.query:
            wanted = SearchQuery(self.query, config=CONFIG, search_type="websearch")
            posts = posts.filter(search_vector=wanted)
        return posts


def answer(asked: Question) -> dict[str, Any]:
    """Return the search page's context."""
    context: dict[str, Any] = {
        "query": asked.query, "sort": asked.sort, "sort_links": _sort_links(asked),
        "page_obj": None, "total": 0, "facets": [], "did_you_mean": None, "without_filters": "",
    }  # fmt: skip
    if asked.is_empty:
        return context
    posts = asked.filtered()
    if asked.query:
        posts = within(posts, asked.query, by_date=asked.sort == "date")
    else:
        posts = posts.for_list()
    context |= page_context(posts, asked.page, base="/search/", query=asked.parameters())
    for post in context["page_obj"]:
        post.headline = mark(getattr(post, "headline", ""))
    context["total"] = context["page_obj"].paginator.count
    if context["total"]:
        context["facets"] = facets(asked)
        return context
    if asked.tag or asked.author or asked.year:
        context["without_filters"] = asked.url(tag="", author="", year="")
    if asked.query:
        context["did_you_mean"] = did_you_mean(asked)
    return context


def _sort_links(asked: Question) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": asked.url(sort=sort), "is_active": asked.sort == sort}
        for sort, label in (("relevance", "Relevance"), ("date", "Newest first"))
    ]


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


Counted = list[tuple[str, str, int]]  # value, label, count


def _facet(asked: Question, label: str, param: str, counted: Counted) -> dict[str, Any]:
    chosen = getattr(asked, param)
    options = [
        {"label": name, "count": count, "is_active": value == chosen,
         "url": asked.url(**{param: "" if value == chosen else value})}
        for value, name, count in counted
    ]  # fmt: skip
    return {"label": label, "param": param, "options": options, "is_active": bool(chosen)}


def _tag_counts(posts: PostQuerySet) -> Counted:
    rows = (
        Tag.objects.filter(tagged_posts__content_object__in=posts.order_by().values("pk"))
        .annotate(count=Count("tagged_posts"))
        .order_by("-count", "name")
    )
    return list(rows.values_list("slug", "name", "count")[:FACET_OPTIONS])


def _year_counts(posts: PostQuerySet) -> Counted:
    rows = (
        posts.order_by()
        .annotate(year=ExtractYear("published_at", tzinfo=settings.ZONE))
        .values("year")
        .annotate(count=Count("pk", distinct=True))
        .order_by("-year")
    )
    return [(str(row["year"]), str(row["year"]), row["count"]) for row in rows]


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
    return [(slug, name, count) for (slug, name), count in ranked[:FACET_OPTIONS]]


def did_you_mean(asked: Question) -> dict[str, str] | None:
    """Return a spelling that the archive's own titles and tags know, as {"text", "url"}."""
    if re.search(r"[^\w\s'’]|\bor\b", asked.query.lower()):
        return None  # Operators mean something; words alone can be misspelled.
    vocabulary = _vocabulary()
    words = [_nearest(word, vocabulary) for word in re.findall(r"\w+", asked.query.lower())]
    text = " ".join(words)
    if not words or text == asked.query.lower():
        return None
    better = replace(asked, query=text)
    return {"text": text, "url": better.url()} if better.matching().exists() else None


def _vocabulary() -> set[str]:
    """Return the words of tag names and of the newest titles; asked for only when nothing fits."""
    titles = Post.objects.published().newest_first().values_list("title", flat=True)
    names = Tag.objects.values_list("name", flat=True)
    return set(re.findall(r"\w{3,}", " ".join([*titles[:VOCABULARY_TITLES], *names]).lower()))


def _nearest(word: str, vocabulary: set[str]) -> str:
    if word in vocabulary or len(word) < 4:
        return word
    found = process.extractOne(word, vocabulary, scorer=fuzz.ratio, score_cutoff=75)
    return found[0] if found else word
