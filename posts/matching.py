"""Which posts match a query: conditions for PostgreSQL's full-text index.

Precise queries match what they say. A description, words alone, is matched in steps (cf. "minimum
should match" of Lucene): first every post that holds all the words. Where those are fewer than a
hundred, those join in that hold words of 60 % of the query's weight, then of 40 %, then of 20 %,
until there are a hundred; a word's weight is its rarity in the archive (its idf). So one common
word alone never matches thousands of posts, and what is matched depends on the words only, not on
the filters: counts, facets and pages all speak of the same posts.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

from posts import spelling
from posts.conditions import EVERY_POST, NO_POST, Matching, Stems, Term, all_of, either
from posts.orthography import folded
from posts.searchvectors import SPELLED_FROM
from posts.tokens import STOP_WORDS, Token, stem_of, tokens
from posts.vocabulary import Vocabulary, halves
from posts.wording import Group, Wording, telling

SHARES = (0.6, 0.4, 0.2)
MOST_WEIGHED = 8  # words of a description that may be missing in turns; further ones only rank
MOST_PARTED = 500  # posts expected to hold both parts of a word, in whatever places
# Beginnings that are written joined, with a hyphen or apart, as one pleases.
_PREFIXED = """
    anti bi co counter cross cyber de ex extra inter intra macro mega meta micro mid mini mono
    multi neo non out over para post pre pro pseudo quasi re self semi socio sub super supra trans
    ultra un under well e
"""
_PREFIXES = frozenset(_PREFIXED.split())
EVERYTHING = Matching((EVERY_POST,), (1.0,), ())
NOTHING = Matching((NO_POST,), (0.0,), ())


def matching(wording: Wording, known: Vocabulary) -> Matching:
    """Return which posts match what the query says."""
    words = tuple(word for group in wording.groups for word in group.words)
    corrected = spelling.corrections(words, known)
    said = tuple((word, better[0]) for word, better in corrected.items())
    if wording.is_precise:
        return replace(_precise(wording, known, corrected), corrected=said)
    terms = _terms(wording.groups[0], known, corrected)
    levels = _levels(terms)
    written = sum(term.share > 0 for term in terms)
    return Matching(
        tuple(levels), tuple(levels.values()), terms,
        whole=2 if 1 < written < len(terms) else 1, corrected=said, words=words,
    )  # fmt: skip


def _precise(wording: Wording, known: Vocabulary, corrected: dict[str, list[str]]) -> Matching:
    terms: list[Term] = []
    conditions, share = [], 0.0
    for group in wording.groups:
        found = [
            *_terms(group, known, corrected),
            *(_phrase(phrase, known) for phrase in group.phrases),
        ]
        without = [f"!{_phrase(phrase, known).condition()}" for phrase in group.without]
        wanted = [term.condition() for term in found] or [EVERY_POST]
        conditions.append(all_of([*wanted, *without]))
        share += _share(found)
        terms += found
    return Matching((either(conditions),), (share,), tuple(terms), is_precise=True)


def _levels(terms: Sequence[Term]) -> dict[str, float]:
    """Return the conditions, each wider than the one before, with their expected shares."""
    levels = {all_of(term.condition() for term in terms): _share(terms)}
    written = [term for term in terms if term.share]
    if 1 < len(written) < len(terms):  # A word nobody wrote weighs nothing beside several known.
        terms = written
        levels.setdefault(all_of(term.condition() for term in terms), _share(terms))
    heaviest = sorted(terms, key=lambda term: -term.weight)[:MOST_WEIGHED]
    total = sum(term.weight for term in heaviest)
    for share in SHARES if len(heaviest) > 1 else ():
        sets = _smallest_sets(heaviest, share * total)
        condition = either(all_of(term.condition() for term in chosen) for chosen in sets)
        levels.setdefault(condition, sum(map(_share, sets)))
    return levels


def _smallest_sets(terms: Sequence[Term], weight: float) -> list[tuple[Term, ...]]:
    """Return the sets of words that have at least that weight, but with any word less have not."""
    return [
        chosen
        for size in range(1, len(terms) + 1)
        for chosen in combinations(terms, size)
        if sum(term.weight for term in chosen) >= weight - 1e-9
        and sum(term.weight for term in chosen) - chosen[-1].weight < weight - 1e-9
    ]


def _share(terms: Iterable[Term]) -> float:
    """Return how much of the archive is expected to hold all the words, were they independent."""
    return math.prod(term.share for term in terms)


def _terms(group: Group, known: Vocabulary, corrected: dict[str, list[str]]) -> tuple[Term, ...]:
    forms: dict[int, list[Stems]] = {}
    words: dict[int, Token] = {}
    alone = [token for token in group.words if not token.is_compound]
    for token in alone:
        words[token.place] = token
        forms[token.place] = [_single(token.stem), *_apart(token, known)]
        better = corrected.get(token.word, [])
        forms[token.place] += [_chain(word.split()) for word in better]
    for token in group.words:
        if token.is_compound and token.place in forms:
            forms[token.place].append(_single(token.stem))
    for first, second in pairwise(alone):
        pair = stem_of(first.word + second.word)
        if second.place == first.place + 1 and known.holding(pair):
            forms[first.place].append(_single(pair))
            forms[second.place].append(_single(pair))
    _add_names(group, known, forms)
    found = (_term(token.word, forms[place], known, place) for place, token in words.items())
    return tuple({term.forms: term for term in found}.values())  # A word said twice is one.


def _add_names(group: Group, known: Vocabulary, forms: dict[int, list[Stems]]) -> None:
    """Let the words of a tag's name stand for its other names, and the other way round."""
    said = [token for token in group.said if not token.is_compound]
    for name, others in known.names.items():
        length = len(name.split())
        for start in range(len(said) - length + 1):
            window = said[start : start + length]
            if " ".join(token.word for token in window) != name:
                continue
            for token in window:
                if token.place in forms:
                    forms[token.place] += [form for form in map(_named, others) if form]


def _named(name: str) -> Stems:
    words = telling([token for token in tokens(name) if not token.is_compound])
    return tuple((token.stem, token.place - words[0].place) for token in words)


def _apart(token: Token, known: Vocabulary) -> list[Stems]:
    """Return a word written as two, where the archive knows both: "website", "web site"."""
    return [_chain(pair) for pair in halves(token.word) if _may_be_parted(token, pair, known)]


def _may_be_parted(token: Token, pair: tuple[str, str], known: Vocabulary) -> bool:
    """Return whether it may be two words, and so few posts hold both that each can be looked at."""
    first, second = (known.holding(stem_of(part)) for part in pair)
    if not first or not second or first * second > MOST_PARTED * known.size:
        return False
    if pair[0] in _PREFIXES:
        return True
    are_words = all(known.posts.get(f"={part}") and part not in STOP_WORDS for part in pair)
    return are_words and (not known.holding(token.stem) or min(map(len, pair)) >= SPELLED_FROM)


def _phrase(words: Sequence[Token], known: Vocabulary) -> Term:
    """Return a phrase as one term: its words in their places, or with hyphens written as one."""
    plain = [token for token in words if not token.is_compound]
    forms = [_placed(plain)]
    if len(plain) < len(words):
        forms.append(_placed([*_joined(words)]))
    elif len(plain) == 1:
        forms += _apart(plain[0], known)
    word = " ".join(token.word for token in plain)
    return _term(word, forms, known, plain[0].place)


def _joined(words: Sequence[Token]) -> Iterator[Token]:
    """Yield the words of a phrase with each hyphenated one as one word."""
    compounds = [token for token in words if token.is_compound]
    wholes = {first.place: (last.place, first)
              for first, last in pairwise(compounds) if first.word == last.word}  # fmt: skip
    skipped = end = 0
    for token in words:
        if token.is_compound or token.place <= end:
            continue
        end, whole = wholes.get(token.place, (token.place, token))
        yield whole._replace(place=token.place - skipped)
        skipped += end - token.place


def _placed(words: Sequence[Token]) -> Stems:
    kept = telling(words)
    return tuple((token.stem, token.place - kept[0].place) for token in kept)


def _single(stem: str) -> Stems:
    return ((stem, 0),)


def _chain(words: Iterable[str]) -> Stems:
    return tuple((stem_of(folded(word)), at) for at, word in enumerate(words))


def _term(word: str, forms: Iterable[Stems], known: Vocabulary, place: int) -> Term:
    """Return a term with its rarity (Robertson & Spärck Jones 1976, never negative)."""
    forms = tuple(dict.fromkeys(forms))
    held = max(min(known.holding(stem) for stem, _ in form) for form in forms)
    size = max(known.size, held)
    weight = math.log(1 + (size - held + 0.5) / (held + 0.5))
    return Term(word, forms, weight, held / size, place)
