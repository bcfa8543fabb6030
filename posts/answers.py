"""The search page's answer to a question."""

from typing import Any

from django.db import transaction

from posts import search, snippets, spelling, wording
from posts.chips import chips
from posts.facets import Tally, facets, tally
from posts.models import Post
from posts.pagination import page_context
from posts.questions import Question
from posts.search import Found

NEWEST = 3  # posts shown where a search finds none


def answer(asked: Question) -> dict[str, Any]:
    """Return the search page's context; five queries at most.

    `total` posts match, of which `matched_all` hold every word asked for (see `posts.matching`);
    with `total_is_bounded` there are more than that. The best `listed` of them have pages, filters
    lead to the others. `corrected` is {"asked", "text", "url"} where a word the archive does not
    know was looked for as the nearest one it does know; `did_you_mean` is {"text", "url"}, offered
    when it finds more.
    `marks` are the stems of the words looked for (see `tokens.stem_of`), for the snippets.
    """
    context: dict[str, Any] = {
        "query": asked.query, "sort": asked.sort, "sort_links": _sort_links(asked),
        "page_obj": None, "total": 0, "matched_all": 0, "total_is_bounded": False, "listed": 0,
        "corrected": None, "marks": frozenset(), "facets": [], "did_you_mean": None,
        "without_filters": "", "chips": [], "kept": asked.kept(), "feed_url": "",
    }  # fmt: skip
    if asked.is_empty:
        return context
    with transaction.atomic(savepoint=False):  # What `find` tells the planner holds for both.
        found = search.find(asked.query, narrowing=asked.narrowing(), by_date=asked.sort == "date")
        counted, meant = _counted(asked, found)
    context |= {
        "feed_url": asked.feed_url(), "chips": chips(asked, counted.names),
        "marks": found.matching.marks, "corrected": _corrected(asked, found),
        "total": counted.total, "matched_all": min(counted.strict, counted.total),
        "listed": len(found.post_ids), "total_is_bounded": counted.is_bounded,
    }  # fmt: skip
    if (
        meant
        and counted.meant > counted.strict
        and not (found.matching.is_precise and found.post_ids)
    ):
        context["did_you_mean"] = {"text": meant, "url": asked.url(query=meant)}
    context |= _page(asked, found)
    if context["total"]:
        return context | {"facets": facets(asked, counted)}
    if asked.narrowing():
        context["without_filters"] = asked.url(tag="", author="", year="")
    return context | {"newest": list(Post.objects.published().for_list()[:NEWEST])}


def _counted(asked: Question, found: Found) -> tuple[Tally, str]:
    """Count what was found, and what would be with the words that were probably meant."""
    if not found.matching.is_precise:
        meant = spelling.meant(asked.query, found.matching.words, found.known)
    else:
        meant = "" if found.post_ids else wording.without_operators(asked.query)
    condition = search.strict_condition(meant) if meant else ""
    counted = tally(asked, found, meant=condition)
    return counted, meant


def _corrected(asked: Question, found: Found) -> dict[str, str] | None:
    if not found.matching.corrected:
        return None
    instead = dict(found.matching.corrected)
    said = ", ".join(instead)
    text = spelling.replaced(asked.query, instead)
    return {"asked": said, "text": text, "url": asked.url(query=text)}


def _page(asked: Question, found: Found) -> dict[str, Any]:
    """Return the page's posts with their snippets; two queries."""
    listed = search.Listed(found.post_ids)
    page = page_context(listed, asked.page, base="/search/", query=asked.parameters())
    snippets.add(page["page_obj"], found.matching.marks)
    return page


def is_miss(asked: Question, context: dict[str, Any]) -> bool:
    """Return whether the whole archive has nothing for these words, corrected or not."""
    is_whole = not (asked.tag or asked.author or asked.year)
    return bool(asked.query) and is_whole and (not context["total"] or bool(context["corrected"]))


def _sort_links(asked: Question) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": asked.url(sort=sort), "is_active": asked.sort == sort}
        for sort, label in (("relevance", "Relevance"), ("date", "Newest first"))
    ]
