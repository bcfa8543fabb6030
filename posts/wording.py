"""What a query says: words, phrases in quotes, what to leave out, and alternatives.

The syntax is PostgreSQL's `websearch`: "a phrase", -word, -"a phrase", or. A query that uses any
of it is precise: it means exactly what it says. Words alone are a description.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from posts.tokens import Token, tokens

LONGEST_QUERY = 200  # characters; what a person types is shorter
MOST_WORDS = 32
_QUOTES = str.maketrans(dict.fromkeys("“”„«»", '"'))  # as telephones and word processors type them
_PIECE = re.compile(r'(?P<without>(?<!\S)-(?=["\w]))?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Group:
    """What has to be there together, besides what must not."""

    words: tuple[Token, ...] = ()  # those that tell posts apart
    said: tuple[Token, ...] = ()  # the same with the words of grammar between them
    phrases: tuple[tuple[Token, ...], ...] = ()
    without: tuple[tuple[Token, ...], ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.phrases or self.without)


@dataclass(frozen=True)
class Wording:
    """The groups of a query, one of which is to be found; `is_precise` with any operator."""

    groups: tuple[Group, ...] = ()
    is_precise: bool = False


def tidy(query: str) -> str:
    """Return the query without control characters, folded and cut to a sensible length."""
    return " ".join(_CONTROL.sub(" ", query[: LONGEST_QUERY * 10]).split())[:LONGEST_QUERY]


def read(query: str) -> Wording:
    """Return what a query says. Any text is a query; one without a letter or digit is empty."""
    pieces = list(_PIECE.finditer(tidy(query).translate(_QUOTES)))
    groups: list[list[re.Match[str]]] = [[]]
    for piece in pieces:
        if piece["word"] and piece["word"].lower() == "or" and not piece["without"]:
            groups.append([])
        else:
            groups[-1].append(piece)
    read_groups = [group for group in map(_group, groups) if not group.is_empty]
    is_precise = len(read_groups) > 1 or any(
        group.phrases or group.without for group in read_groups
    )
    return Wording(tuple(read_groups), is_precise)


def _group(pieces: list[re.Match[str]]) -> Group:
    words: list[Token] = []
    phrases: list[tuple[Token, ...]] = []
    without: list[tuple[Token, ...]] = []
    place = 1
    for piece in pieces:
        read_words = tuple(tokens(piece["word"] or piece["phrase"] or "", start=place))
        if not read_words:
            continue
        if piece["without"]:
            without.append(read_words)
        elif piece["phrase"] is not None:
            phrases.append(read_words)
        else:
            words += read_words
        place = 1 + max(token.place for token in read_words)
    words = words[:MOST_WORDS]
    return Group(telling(words), tuple(words), tuple(phrases), tuple(without))


def telling(words: Sequence[Token]) -> tuple[Token, ...]:
    """Return the words that tell posts apart; all of them when they are words of grammar alone."""
    return tuple([token for token in words if not token.is_stop_word] or words)
