"""How much a submission looks like spam: pure functions, each giving code, weight and evidence.

Limits come first and are the form's business: what breaks one is handed back to its writer. The
checks never refuse alone; their weights add up to a score, and the score gives the verdict.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum
from ipaddress import ip_address
from urllib.parse import urlsplit

from rapidfuzz import fuzz, process

LONGEST_TEXT = 5_000
LONGEST_NAME = 80
MOST_MARKS = 3  # Combining characters in a row; Vietnamese needs two, Hebrew three.
TRUSTED_BELOW, SPAM_FROM, REFUSED_FROM = 20, 80, 140
ALIKE = 90  # Per cent, after folding case and white space.
COMPARED_LENGTH = 1_000
SHORT = 24  # Below this many characters only an equal text is a duplicate: "Thank you!"
SHORTENERS = frozenset(
    """adf.ly bit.do bit.ly buff.ly cutt.ly goo.gl is.gd lnkd.in ow.ly rb.gy rebrand.ly
    shorturl.at t.co t.ly tiny.cc tinyurl.com v.gd""".split()  # noqa: SIM905
)
_BIDI_CONTROLS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}
_LINK = re.compile(r'<a href="([^"]*)"')
_LINK_IN_NAME = re.compile(r"https?:|www\.|\b[\w-]+\.(?:com|net|org|info|biz|shop|ru|cn)\b", re.I)


class Verdict(Enum):
    PUBLISH = "publish"
    HOLD = "hold"
    SPAM = "spam"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Reason:
    code: str
    weight: int
    evidence: str = ""


@dataclass(frozen=True)
class Record:
    """How staff decided about earlier comments of one proven person."""

    approved: int = 0
    rejected: int = 0
    rejected_at: datetime | None = None


@dataclass(frozen=True)
class Submission:
    """What the checks look at. `crowded` names what sends too much: network, address, post."""

    name: str
    body: str
    body_html: str
    is_trapped: bool = False
    is_hasty: bool = False
    is_unsigned: bool = False
    crowded: tuple[str, ...] = ()
    own_texts: tuple[str, ...] = ()
    spam_texts: tuple[str, ...] = ()
    record: Record | None = None


@dataclass(frozen=True)
class Judgement:
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> int:
        return sum(reason.weight for reason in self.reasons)

    def as_json(self) -> list[dict[str, object]]:
        return [asdict(reason) for reason in self.reasons]


def problems(text: str, *, longest: int, is_one_line: bool = False) -> list[str]:
    """Return, as sentences for the writer, which limits a text breaks."""
    return list(_problems(text, longest, is_one_line))


def _problems(text: str, longest: int, is_one_line: bool) -> Iterator[str]:
    if len(text) > longest:
        yield f"Shorten this to {longest:,} characters; it has {len(text):,}."
    if "\ufffd" in text or any(unicodedata.category(char) == "Cs" for char in text):
        yield "Some characters arrived damaged (�). Type them again."
    if any(_is_forbidden(char, is_one_line) for char in text):
        yield "Take out the invisible control characters, or type this again by hand."
    if _longest_run_of_marks(text) > MOST_MARKS:
        yield "Take out the accents piled on top of each other."


def _is_forbidden(char: str, is_one_line: bool) -> bool:
    if char in "\n\t":
        return is_one_line
    point = ord(char)
    # Noncharacters are no XML: one of them would break the feed.
    is_no_character = point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
    return unicodedata.category(char) == "Cc" or point in _BIDI_CONTROLS or is_no_character


def _longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for char in unicodedata.normalize("NFC", text):
        run = run + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        longest = max(longest, run)
    return longest


def judge(submission: Submission) -> Judgement:
    """Return every reason that applies; nothing is looked up and nothing is changed."""
    found = (check(submission) for check in CHECKS)
    return Judgement(tuple(reason for reason in found if reason))


def verdict(score: int, *, is_trusted: bool = False) -> Verdict:
    """Return what follows from a score. Only a proven identity is ever published at once."""
    if score >= REFUSED_FROM:
        return Verdict.REFUSE
    if score >= SPAM_FROM:
        return Verdict.SPAM
    return Verdict.PUBLISH if is_trusted and score < TRUSTED_BELOW else Verdict.HOLD


def filled_trap(submission: Submission) -> Reason | None:
    """A weight and not a verdict: some browsers fill in every field they see."""
    return Reason("trap", 50) if submission.is_trapped else None


def sent_in_haste(submission: Submission) -> Reason | None:
    return Reason("haste", 30, "within three seconds") if submission.is_hasty else None


def came_without_form(submission: Submission) -> Reason | None:
    return Reason("unsigned", 40, "no signed form") if submission.is_unsigned else None


def came_in_a_crowd(submission: Submission) -> Reason | None:
    return Reason("rate", 40, ", ".join(submission.crowded)) if submission.crowded else None


def repeats_itself(submission: Submission) -> Reason | None:
    alike = _likeness(submission.body, submission.own_texts)
    return Reason("repeated", 40, f"{alike} % like an own comment") if alike else None


def repeats_spam(submission: Submission) -> Reason | None:
    alike = _likeness(submission.body, submission.spam_texts)
    return Reason("known-spam", 80, f"{alike} % like known spam") if alike else None


def links_in_text(submission: Submission) -> Reason | None:
    """The first link is free: a source is what a good comment gives."""
    more = len(_LINK.findall(submission.body_html)) - 1
    return Reason("links", 15 * more, f"{more + 1} links") if more > 0 else None


def link_in_name(submission: Submission) -> Reason | None:
    found = _LINK_IN_NAME.search(submission.name)
    return Reason("link-in-name", 60, found[0]) if found else None


def hidden_target(submission: Submission) -> Reason | None:
    """A bare IP address or a link shortener: nobody can see where it leads."""
    for host in _hosts(submission.body_html):
        if host.removeprefix("www.") in SHORTENERS or _is_ip(host):
            return Reason("hidden-target", 30, host[:100])
    return None


def lookalike_host(submission: Submission) -> Reason | None:
    """Latin letters mixed with others inside one label: `аpple.com` with a Cyrillic а."""
    for host in _hosts(submission.body_html):
        if any(_mixes_scripts(label) for label in host.split(".") if label.startswith("xn--")):
            return Reason("lookalike-host", 30, host[:100])
    return None


CHECKS: tuple[Callable[[Submission], Reason | None], ...] = (
    filled_trap,
    sent_in_haste,
    came_without_form,
    came_in_a_crowd,
    repeats_itself,
    repeats_spam,
    links_in_text,
    link_in_name,
    hidden_target,
    lookalike_host,
)


def _likeness(text: str, others: tuple[str, ...]) -> int:
    """Return how alike the nearest text is in per cent; 0 when none is alike enough."""
    wanted = _folded(text)
    cutoff = ALIKE if len(wanted) >= SHORT else 100
    best = process.extractOne(
        wanted, [_folded(other) for other in others], scorer=fuzz.ratio, score_cutoff=cutoff
    )
    return round(best[1]) if best else 0


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())[:COMPARED_LENGTH]


def _hosts(body_html: str) -> Iterator[str]:
    for address in _LINK.findall(body_html):
        try:
            yield (urlsplit(address).hostname or "").rstrip(".")
        except ValueError:
            yield address[:100]


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host.isdigit()  # http://3232235777/ is an address too.
    return True


def _mixes_scripts(label: str) -> bool:
    try:
        letters = label.encode().decode("idna")
    except UnicodeError:
        return True
    scripts = {unicodedata.name(char, "?").split()[0] for char in letters if char.isalpha()}
    return "LATIN" in scripts and len(scripts) > 1
