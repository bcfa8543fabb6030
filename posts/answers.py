"""The search page's answer to a question."""

from typing import Any

from posts import search
from posts.facets import facets
from posts.pagination import page_context
from posts.questions import Question
from posts.snippets import mark
from posts.spelling import did_you_mean


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
        posts = search.within(posts, asked.query, by_date=asked.sort == "date")
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
