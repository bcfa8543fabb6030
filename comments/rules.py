"""The weights and the lists of words and domains by which comments are scored: pure, unsaved."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from comments import defaults
from comments.tokens import folded

MOST_POINTS = 100
MOST_CREDIT = 20  # points that listed terms can take off
LONGEST_TERM = 60
MOST_TERMS = 2_000
_LINE = re.compile(r"(?P<term>.+?)\s*=\s*(?P<points>[+-]?\d{1,4})")
_DOMAIN = re.compile(r"[\w-]+(?:\.[\w-]+)*")


class ListError(ValueError):
    """A list that cannot be used; its message names the line and what to write there."""


@dataclass(frozen=True)
class Rules:
    """Weights by code and points by term and domain. Equal rules give equal scores."""

    weights: Mapping[str, int] = field(
        default_factory=lambda: {code: points for code, (points, _) in defaults.WEIGHTS.items()}
    )
    words: Mapping[str, int] = field(default_factory=lambda: words_in(defaults.WORDS))
    domains: Mapping[str, int] = field(default_factory=lambda: domains_in(defaults.DOMAINS))

    def terms_in(self, text: str) -> list[str]:
        """Return the list's terms a text holds as whole words, each once, the longest match."""
        found = (self._term_of(hit[0]) for hit in self._pattern.finditer(_spaced(text)))
        return list(dict.fromkeys(found))

    def domain_of(self, host: str) -> str | None:
        """Return the listed domain a host is or lies under, the longest first; else None."""
        labels = host.lower().rstrip(".").split(".")
        under = (".".join(labels[at:]) for at in range(len(labels)))
        return next((domain for domain in under if domain in self.domains), None)

    def domain_points(self, host: str) -> int | None:
        domain = self.domain_of(host)
        return None if domain is None else self.domains[domain]

    def points_of(self, code: str, evidence: str) -> int:
        """Return what the listed terms named in a finding's evidence add up to, capped."""
        listed = self.words if code == "words" else self.domains
        total = sum(listed.get(term, 0) for term in evidence.split(", "))
        return max(-MOST_CREDIT, min(self.weights[code], total))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return _compiled(tuple(self.words))

    def _term_of(self, hit: str) -> str:
        if hit in self.words:
            return hit
        return next(
            term for term in sorted(self.words, key=len, reverse=True)
            if term.endswith("*") and hit.startswith(term[:-1])
        )  # fmt: skip


@lru_cache(maxsize=8)
def _compiled(terms: tuple[str, ...]) -> re.Pattern[str]:
    if not terms:
        return re.compile(r"(?!)")
    # By first character: one try at each place of the text instead of one for each term.
    by_first: dict[tuple[str, str], list[str]] = {}
    for term in sorted(terms, key=len, reverse=True):
        begin, stem, end = _bounded(term)
        by_first.setdefault((begin, stem[0]), []).append(re.escape(stem[1:]) + end)
    groups = (
        f"{re.escape(first)}{begin}(?:{'|'.join(rests)})"
        for (begin, first), rests in by_first.items()
    )
    return re.compile("|".join(groups))


def _bounded(term: str) -> tuple[str, str, str]:
    """Return (bound after the first character, stem, bound at the end) of a term's pattern.

    A bound stands where a letter does, but not in scripts that write no spaces between words.
    """
    stem = term.removesuffix("*")
    begin = r"(?<!\w\w)" if re.match(r"\w", stem) and not _has_no_spaces(stem[0]) else ""
    end = r"\w*" if term.endswith("*") else ""
    if not end and re.search(r"\w\Z", stem) and not _has_no_spaces(stem[-1]):
        end = r"(?!\w)"
    return begin, stem, end


def _has_no_spaces(char: str) -> bool:
    """Return whether words of this character's script stand without spaces between them."""
    point = ord(char)
    return 0x0E00 <= point <= 0x0EFF or 0x3040 <= point <= 0x9FFF or 0xAC00 <= point <= 0xD7A3


def words_in(text: str) -> dict[str, int]:
    """Return points by term from "term = points" lines. Raises ListError."""
    return dict(_entries(text, folding=_spaced))


def domains_in(text: str) -> dict[str, int]:
    """Return points by domain from "domain = points" lines. Raises ListError."""
    found = {}
    for domain, points in _entries(text, folding=lambda term: term.lower().strip(".")):
        if not _DOMAIN.fullmatch(domain):
            raise ListError(f"“{domain}” is no domain. Write it without https:// and path.")
        found[domain] = points
    return found


def _entries(text: str, *, folding: object) -> Iterator[tuple[str, int]]:
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        term, points = _entry(line, number)
        term = folding(term)  # type: ignore[operator]
        if term in seen:
            raise ListError(f"Line {number}: “{term}” is in line {seen[term]} already.")
        seen[term] = number
        if len(seen) > MOST_TERMS:
            raise ListError(f"Line {number}: a list holds at most {MOST_TERMS:,} entries.")
        yield term, points


def _entry(line: str, number: int) -> tuple[str, int]:
    match = _LINE.fullmatch(line)
    if match is None:
        entry = line.partition("=")[0].strip()[:40] or "free spins"
        raise ListError(f"Line {number}: write “{entry} = 20”, an entry and its points.")
    term, points = match["term"].strip(), int(match["points"])
    if abs(points) > MOST_POINTS:
        raise ListError(f"Line {number}: points go from -{MOST_POINTS} to {MOST_POINTS}.")
    if "," in term or not term.strip("*"):
        raise ListError(f"Line {number}: an entry has no comma, and more than a “*”.")
    if len(term) > LONGEST_TERM:
        raise ListError(f"Line {number}: an entry has at most {LONGEST_TERM} characters.")
    return term, points


def _spaced(text: str) -> str:
    return " ".join(folded(text).split())
