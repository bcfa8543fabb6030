"""Why a post stands in another's list, in an editor's words: stored with the row."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from posts import terms
from posts.arrangement import Place
from posts.frequencies import Vocabulary
from posts.likeness import Measure
from posts.models import TaggedPost
from posts.terms import WORD, Text
from posts.ties import Ties

TELLING = 5  # words and phrases named
RARE = 20  # a tag is rare that not one post in so many has
JOINTS = (" ", "-")  # between the two words of a phrase that is named


class Explanations:
    """The reasons for the lists of some posts: three queries, however many."""

    def __init__(self, lists: dict[int, list[Place]]) -> None:
        self.texts = {text.post_id: text for text in terms.texts([*lists])}
        related = {place.post_id for places in lists.values() for place in places}
        self.tags = _names(related.union(lists))
        parts = (part for text in self.texts.values() for part, _ in text.parts)
        terms.learn({word for part in parts for word in _words(part)})

    def of(
        self, post_id: int, places: Iterable[Place], tied: Ties, measure: Measure
    ) -> dict[int, dict[str, Any]]:
        """Return the reason for each place in this post's list, by the post that stands there."""
        telling = {place.post_id: _telling(place, measure) for place in places}
        text = self.texts.get(post_id)
        wanted = {number for numbers in telling.values() for number in numbers}
        spellings = _spellings(text, wanted) if text else {}
        reasons = {}
        for place in places:
            tags = self._tags(post_id, place.post_id, measure.vocabulary)
            words = _said(telling[place.post_id], spellings, besides=tags["tags"])
            reasons[place.post_id] = {**tags, **_ties(place, tied), "words": words}
        return reasons

    def _tags(self, post_id: int, other: int, counts: Vocabulary) -> dict[str, Any]:
        """Return the shared tags, the rarest first, and how many of them are rare."""
        mine, theirs = self.tags[post_id], self.tags[other]
        posts = {tag: counts.posts(terms.tag_number(tag)) for tag in mine.keys() & theirs.keys()}
        shared = sorted(posts, key=lambda tag: (posts[tag], mine[tag]))
        rare = sum(count * RARE <= counts.total for count in posts.values())
        return {"tags": [mine[tag] for tag in shared], "rare_tags": rare}


def _ties(place: Place, tied: Ties) -> dict[str, Any]:
    """Return what beside the words speaks for it; what does not is left out."""
    likeness = place.likeness
    said = {
        "pinned": place.is_pinned,
        "series": place.is_part or place.post_id in tied.parts,
        "cites": place.post_id in tied.cites,
        "cited_by": place.post_id in tied.cited_by,
        "text": round(likeness.text, 4) if likeness else 0,
    }
    return {key: value for key, value in said.items() if value}


def _telling(place: Place, measure: Measure) -> list[int]:
    """Return words and phrases that speak for it, the most telling first, more than are named."""
    if place.likeness is None:
        return []
    weights = measure.shared(place.likeness.vector)
    return sorted(weights, key=lambda number: (-weights[number], number))[: TELLING * 4]


def _said(
    telling: Iterable[int], spellings: dict[int, str], *, besides: Collection[str]
) -> list[str]:
    """Return them as spelled; what a tag or a phrase before them says is not said again."""
    told = {word for name in besides for word in _words(name)}
    said: list[str] = []
    for spelled in (spellings[number] for number in telling if number in spellings):
        words = _words(spelled)
        if len(said) < TELLING and not words & told:
            said.append(spelled)
            told |= words
    return said


def _words(text: str) -> set[str]:
    return {*WORD.findall(text.lower())}


def _spellings(text: Text, wanted: Collection[int]) -> dict[int, str]:
    """Return how the post most often spells these words, and phrases whose words are together."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for part, _ in text.parts:
        words = WORD.findall(part)[: terms.MOST_WORDS]
        numbers = terms.numbers(map(str.lower, words))
        for word, number in zip(words, numbers, strict=True):
            if number in wanted:
                found[number][word] += 1
        for at, number in enumerate(terms.phrase_numbers(numbers)):
            if number in wanted:
                spelled = (f"{words[at]}{joint}{words[at + 1]}" for joint in JOINTS)
                found[number].update(phrase for phrase in spelled if phrase in part)
    return {number: _commonest(spelled) for number, spelled in found.items() if spelled}


def _commonest(spelled: Counter[str]) -> str:
    """Return the commonest spelling; of equals the one without capitals, a sentence's start."""
    return min(spelled, key=lambda word: (-spelled[word], word != word.lower(), word))


def _names(post_ids: Collection[int]) -> dict[int, dict[int, str]]:
    """Return the tags of each post, number to name; one query."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    links = TaggedPost.objects.filter(content_object__in=post_ids).order_by("tag")
    for post_id, tag, name in links.values_list("content_object", "tag", "tag__name"):
        found[post_id][tag] = name
    return found
