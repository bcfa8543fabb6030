"""Tags an editor may want: names found in the text, and tags of posts like it."""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice

from django.contrib.postgres.search import SearchRank
from django.db.models import Count, F

from posts import rendering, search
from posts.models import Post, Tag
from posts.tagnames import Name, known_names
from posts.tokens import tokens
from posts.topics import TagQuerySet

SHOWN = 12
MOST_WORDS = 40_000  # of a text; what is behind them is not read
LONGEST_TEXT = 300_000  # characters
LONGEST_NAME = 10  # words
ACRONYM = 5  # letters at most
TELLING_WORDS = 20
NEWEST = 1_000  # posts that an unsaved text is compared with
ALIKE = 10  # of them count as similar
LEAST_SHARED = 2  # similar posts that must have a tag which the text does not name

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[^\w\s'’\-]|\n")


@dataclass(frozen=True)
class Suggestion:
    tag_pk: int
    name: str
    kind: str
    reason: str = ""
    score: float = 0.0


@dataclass
class Mention:
    """How often a tag is named, and in which spelling how often."""

    name: Name
    spellings: Counter[str] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        return self.spellings.total()


@dataclass(frozen=True)
class Text:
    """What is written so far, saved or not."""

    title: str = ""
    rest: str = ""

    @classmethod
    def of(cls, title: str, body: str, *others: str) -> "Text":
        """Read the body's words out of its HTML, as it comes from the editor."""
        words = rendering.render(body[:LONGEST_TEXT]).text
        return cls(title[:LONGEST_TEXT], "\n".join([*others, words])[:LONGEST_TEXT])


class Index:
    """Names by their words, so that a text is read once however many names there are.

    Each word of the text costs one look-up, and one more for each length of the names that begin
    with it: at most `LONGEST_NAME`.
    """

    def __init__(self, names: Iterable[Name]) -> None:
        self.acronyms: dict[str, Name] = {}
        self.names: dict[tuple[str, ...], Name] = {}
        lengths: dict[str, set[int]] = {}
        for name in names:
            words = [_key(word) for word in _WORD.findall(name.spelling)]
            if is_acronym(name.spelling):
                self.acronyms.setdefault(name.spelling, name)
            elif 0 < len(words) <= LONGEST_NAME:
                self.names.setdefault(tuple(words), name)
                lengths.setdefault(words[0], set()).add(len(words))
        self.lengths = {word: sorted(found, reverse=True) for word, found in lengths.items()}

    def mentions(self, text: str) -> dict[int, Mention]:
        """Return what is named, by tag. The longest name wins, and a word belongs to one only."""
        words = [match[0] for match in islice(_WORD.finditer(text), MOST_WORDS)]
        keys = [_key(word) for word in words]
        found: dict[int, Mention] = {}
        at = 0
        while at < len(words):
            name, length = self._longest(words, keys, at)
            if name:
                mention = found.setdefault(name.tag_pk, Mention(name))
                mention.spellings[name.spelling] += 1
            at += length
        return found

    def _longest(self, words: list[str], keys: list[str], at: int) -> tuple[Name | None, int]:
        for length in self.lengths.get(keys[at], ()):
            if name := self.names.get(tuple(keys[at : at + length])):
                return name, length
        return self.acronyms.get(_without_s(words[at])), 1


def is_acronym(name: str) -> bool:
    """Return whether the name counts only in its own capitals: "IT" is not "it"."""
    return len(name) <= ACRONYM and name.isalnum() and sum(map(str.isupper, name)) > 1


def suggest(
    text: Text, *, chosen: Collection[int] = (), post: Post | None = None, reads_alike: bool = True
) -> list[Suggestion]:
    """Return tags for the text, the likeliest first, each with its reason; chosen ones left out.

    At most four queries. Without `reads_alike` only the stored related posts count as similar:
    two queries.
    """
    index = Index(known_names())
    titled, mentioned = index.mentions(text.title), index.mentions(text.rest)
    found: dict[int, Suggestion] = {}
    for pk in titled.keys() | mentioned.keys():
        found[pk] = _named(titled.get(pk), mentioned.get(pk))
    for tag, shared in _shared(text, post, reads_alike=reads_alike):
        if tag.pk in found or shared >= LEAST_SHARED:
            found[tag.pk] = _also_similar(found.get(tag.pk), tag, shared)
    left = [suggestion for pk, suggestion in found.items() if pk not in chosen]
    return sorted(left, key=lambda one: (-one.score, one.name))[:SHOWN]


def _named(titled: Mention | None, mentioned: Mention | None) -> Suggestion:
    spellings = (titled.spellings if titled else Counter()) + (
        mentioned.spellings if mentioned else Counter()
    )
    name = (titled or mentioned).name  # type: ignore[union-attr]  # One of them is there.
    count, [(spelling, _)] = spellings.total(), spellings.most_common(1)
    said = "named" if spelling == name.tag_name else f"named as {spelling}"
    said += " in the title" if titled else ""
    said += f", {count} times" if count > 1 else ""
    score = 2 + math.log2(count) + (3 if titled else 0)
    return Suggestion(name.tag_pk, name.tag_name, name.kind, said, score)


def _also_similar(named: Suggestion | None, tag: Tag, shared: int) -> Suggestion:
    said = f"on {shared} similar post{'s' * (shared > 1)}"
    if named is None:
        return Suggestion(tag.pk, tag.name, tag.kind, said, shared / 2)
    return replace(named, reason=f"{named.reason}; {said}", score=named.score + shared / 2)


def _shared(text: Text, post: Post | None, *, reads_alike: bool) -> list[tuple[Tag, int]]:
    """Return tags of similar posts, with how many of those each is on.

    Similar are the stored relatives, or else the posts that share the text's telling words.
    """
    if post is not None:
        related = Tag.objects.filter(tagged_posts__content_object__related_to__post=post)
        if counted := _counted(related):
            return counted
    alike = _alike(text) if reads_alike else []
    return _counted(Tag.objects.filter(tagged_posts__content_object__in=alike)) if alike else []


def _alike(text: Text) -> list[int]:
    """Return the newest posts most like the text; one query, however large the archive is."""
    telling = _telling(text)
    if not telling:
        return []
    wanted = search.Condition(" | ".join(f"'{stem}'" for stem in telling))
    newest = Post.objects.published().newest_first().values("pk")[:NEWEST]
    posts = Post.objects.published().filter(pk__in=newest, search_entry__terms=wanted)
    ranked = posts.annotate(rank=SearchRank(F("search_entry__terms"), wanted))
    return list(ranked.order_by("-rank", "-pk").values_list("pk", flat=True)[:ALIKE])


def _telling(text: Text) -> list[str]:
    """Return the most frequent stems, as the search index knows them; a title counts thrice."""
    words = " ".join([text.title, text.title, text.title, text.rest])[:LONGEST_TEXT]
    counts = Counter(
        token.stem
        for token in islice(tokens(words), MOST_WORDS)
        if len(token.stem) > 2 and not token.is_stop_word
    )
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [stem for stem, _ in ordered[:TELLING_WORDS]]


def _counted(tags: TagQuerySet) -> list[tuple[Tag, int]]:
    """Return the tags with how many of the posts in the question each is on; one query."""
    found = tags.annotate(shared=Count("tagged_posts")).only("name", "kind").order_by("-shared")
    return [(tag, tag.shared) for tag in found]


def _key(word: str) -> str:
    return _without_s(word).casefold()


def _without_s(word: str) -> str:
    """Return the word without the s of possession: "MoJ’s" names the MoJ."""
    return word[:-2] if word[-2:] in {"'s", "’s"} else word
