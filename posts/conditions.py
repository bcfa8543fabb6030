"""Conditions for PostgreSQL's full-text index: how the words of a query are written as `tsquery`.

Which words are asked for together is for `posts.matching` to say.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from posts.tokens import Token

EVERY_POST, NO_POST = "'#'", "'#nothing'"
_IN_PLACES = re.compile(r" <\d+> ")

Stems = tuple[tuple[str, int], ...]  # stems, each with how many places it stands after the first


@dataclass(frozen=True)
class Term:
    """A word of the query, with all it may stand for; `weight` is its rarity."""

    word: str
    forms: tuple[Stems, ...]
    weight: float
    share: float  # of the archive that holds it
    place: int = 0

    def condition(self, tier: str = "") -> str:
        return either(_form(form, tier) for form in self.forms)


@dataclass(frozen=True)
class Matching:
    """The conditions of a query, from the strictest to the widest, and the words to rank by.

    `shares` say how much of the archive each condition is expected to hold.
    """

    levels: tuple[str, ...]
    shares: tuple[float, ...]
    terms: tuple[Term, ...]
    is_precise: bool = False
    whole: int = 1  # so many of the levels have posts hold each word that anybody wrote
    corrected: tuple[tuple[str, str], ...] = ()  # words nobody wrote, and what was looked for
    words: tuple[Token, ...] = ()  # of a description

    @property
    def marks(self) -> frozenset[str]:
        """Return the stems to be marked where a post is quoted."""
        return frozenset(stem for term in self.terms for form in term.forms for stem, _ in form)

    @property
    def strict(self) -> str:
        """Return the condition that a post holds all that was asked."""
        return self.levels[0]

    @property
    def loose(self) -> tuple[str, ...]:
        """Return the conditions with the words of a form in any places, which no vector tells.

        A condition with places has PostgreSQL look into the vector of every post it finds, also of
        those that hold the word itself. So it is asked without them, and what only seems to match
        is taken away: those that meet the `doubts`, which are few. Phrases that somebody asked for
        are looked at as they are.
        """
        if self.is_precise:
            return self.levels
        return tuple(map(loosened, self.levels))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Return for each level the condition that a post meets the loose one, but not its own."""
        return tuple(
            NO_POST if loose == level else f"{loose} & !{level}"
            for loose, level in zip(self.loose, self.levels, strict=True)
        )

    @property
    def sure(self) -> tuple[str, ...]:
        """Return conditions that fewer posts meet than the levels', and no vector tells either."""
        if self.loose == self.levels:
            return self.levels
        return tuple(f"{loose} & !{self.doubtful}" for loose in self.loose)

    @property
    def doubtful(self) -> str:
        """Return a condition on all of whom there is doubt: they hold the words of some form.

        Given beside the doubt it is looked up first, and so little else is.
        """
        forms = [form for term in self.terms for form in term.forms if len(form) > 1]
        words = (all_of(f"'{stem}'" for stem, _ in form) for form in forms)
        return either(words) if forms else NO_POST


def _form(form: Stems, tier: str) -> str:
    if tier:
        return all_of(f"'{tier}{stem}'" for stem, _ in form)
    text, last = f"'{form[0][0]}'", 0
    for stem, place in form[1:]:
        text += f" <{place - last}> '{stem}'"
        last = place
    return f"({text})" if len(form) > 1 else text


def loosened(condition: str) -> str:
    """Return the condition with its words in any places."""
    return _IN_PLACES.sub(" & ", condition)


def all_of(conditions: Iterable[str]) -> str:
    return _group_of(" & ", conditions)


def either(conditions: Iterable[str]) -> str:
    return _group_of(" | ", conditions)


def _group_of(operator: str, conditions: Iterable[str]) -> str:
    parts = list(dict.fromkeys(conditions))
    return parts[0] if len(parts) == 1 else "(" + operator.join(parts) + ")"
