"""The search page's answer to a question."""

from typing import Any

from posts import search, snippets
from posts.chips import chips
from posts.facets import facets
from posts.models import Post
from posts.pagination import page_context
from posts.questions import Question
from posts.spelling import did_you_mean

NEWEST = 3  # posts shown where a search finds none


def answer(asked: Question) -> dict[str, Any]:
    """Return the search page's context.

    `total` posts match, of which `matched_all` hold every word asked for; with `total_is_bounded`
    there are more than that. `corrected` is {"asked", "text"} where a word the archive does not
    know was looked for as the nearest one it does know; `did_you_mean` is {"text", "url"}.
    `marks` are the stems of the words looked for (see `tokens.stem_of`), for the snippets.
    """
    context: dict[str, Any] = {
        "query": asked.query, "sort": asked.sort, "sort_links": _sort_links(asked),
        "page_obj": None, "total": 0, "matched_all": 0, "total_is_bounded": False,
        "corrected": None, "marks": frozenset(), "facets": [], "did_you_mean": None,
        "without_filters": "", "chips": chips(asked), "kept": asked.kept(), "feed_url": "",
    }  # fmt: skip
    if asked.is_empty:
        return context
    context["feed_url"] = asked.feed_url()
    posts = asked.filtered()
    if asked.query:
        context["marks"] = snippets.stems(asked.query)
        posts = search.within(posts, asked.query, by_date=asked.sort == "date")
    else:
        posts = posts.for_list()
    context |= page_context(posts, asked.page, base="/search/", query=asked.parameters())
    snippets.add(context["page_obj"], context["marks"])
    context["total"] = context["matched_all"] = context["page_obj"].paginator.count
    if context["total"]:
        context["facets"] = facets(asked)
        return context
    if asked.tag or asked.author or asked.year:
        context["without_filters"] = asked.url(tag="", author="", year="")
    if asked.query:
        context["did_you_mean"] = did_you_mean(asked)
    context["newest"] = list(Post.objects.published().for_list()[:NEWEST])
    return context


def is_miss(asked: Question, context: dict[str, Any]) -> bool:
    """Return whether the whole archive has nothing for these words, corrected or not."""
    is_whole = not (asked.tag or asked.author or asked.year)
    return bool(asked.query) and is_whole and (not context["total"] or bool(context["corrected"]))


def _sort_links(asked: Question) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": asked.url(sort=sort), "is_active": asked.sort == sort}
        for sort, label in (("relevance", "Relevance"), ("date", "Newest first"))
    ]
