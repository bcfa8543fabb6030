"""A better spelling of a query, from the words the archive itself knows."""

import re
from dataclasses import replace

from rapidfuzz import fuzz, process

from posts.models import Post, Tag
from posts.questions import Question

VOCABULARY_TITLES = 5_000


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
