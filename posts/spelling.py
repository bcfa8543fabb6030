"""Better spellings of a query's words, from the words the archive itself knows."""

import re
from collections.abc import Sequence
from itertools import pairwise

from rapidfuzz.distance import OSA

from posts.tokens import WORD, Token, plain, stem_of
from posts.vocabulary import Vocabulary, halves

TRIED = 3  # equally near words looked for in place of one that nobody wrote
TWICE_WRONG_FROM = 8  # letters; of a shorter word two wrong ones leave too little
COMMONER = 10  # times as many posts, and a word nearby is what was probably meant


def corrections(words: Sequence[Token], known: Vocabulary) -> dict[str, list[str]]:
    """Return for words that nobody wrote those that were probably meant, the best first.

    A word run together ("socialimpact") is corrected to two ("social impact").
    """
    alone = [token for token in words if not token.is_compound]
    in_pairs = {
        token.word
        for pair in pairwise(alone)
        if known.holding(stem_of(pair[0].word + pair[1].word))
        for token in pair
    }
    better = {
        token.word: _nearest(token.word, known) or _parted(token.word, known)
        for token in alone
        if not token.is_stop_word
        and not known.holding(token.stem)
        and token.word not in in_pairs
        and token.word not in known.names
    }
    return {word: meant for word, meant in better.items() if meant}


def meant(query: str, words: Sequence[Token], known: Vocabulary) -> str:
    """Return what was probably meant instead of a query that can be answered; "" for nothing.

    For a word that few posts hold a neighbour that many do, and no word that none does.
    """
    instead = {token.word: _commoner(token, known) for token in words if not token.is_compound}
    changed = {word: other for word, other in instead.items() if other != word}
    return replaced(query, changed) if changed and any(instead.values()) else ""


def replaced(query: str, instead: dict[str, str]) -> str:
    """Return the query with some words put otherwise, its operators kept; "" leaves one out."""

    def put(found: re.Match[str]) -> str:
        return instead.get(plain(found[0]), found[0])

    return " ".join(WORD.sub(put, query).split())


def _commoner(token: Token, known: Vocabulary) -> str:
    held = known.holding(token.stem)
    # Words of grammar are written right, "don't" as well, which the archive need not know.
    near = [] if token.is_stop_word else _nearest(token.word, known)
    if near and (not held or known.posts.get(f"={near[0]}", 0) >= COMMONER * held):
        return near[0]
    return token.word if held else ""


def _nearest(word: str, known: Vocabulary) -> list[str]:
    """Return the nearest words: by letters wrong, then the same first letter, then how common."""
    if not word.isalpha():
        return []
    most = 2 if len(word) >= TWICE_WRONG_FROM else 1
    ranked = sorted(
        (OSA.distance(word, other), word[0] != other[0], -posts, other)
        for other, posts in known.near.get(word, [])
        if other != word
    )
    wrong = min((rank[0] for rank in ranked), default=most + 1)
    return [rank[-1] for rank in ranked if rank[0] == wrong][:TRIED] if wrong <= most else []


def _parted(word: str, known: Vocabulary) -> list[str]:
    """Return the word as two that are both known, the rarer of them as common as can be."""
    pairs = [
        (min(known.holding(stem_of(part)) for part in pair), " ".join(pair))
        for pair in halves(word)
    ]
    best = max(pairs, default=(0, ""))
    return [best[1]] if best[0] else []
