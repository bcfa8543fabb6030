"""What a receiver found out about a message's sender, and which of its headers are signed.

`Authentication-Results` follows RFC 8601, `DKIM-Signature` RFC 6376, alignment RFC 7489 section 3.1
in its relaxed form, with a domain's parents standing in for the list of public suffixes.
"""

import re
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr

# Google's and Yahoo's rules ask for one-click unsubscribing whose headers are signed (RFC 8058).
MUST_BE_SIGNED = ("From", "Subject", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post")
LONGEST_HEADER = 5000
_METHODS = ("spf", "dkim", "dmarc")
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"^\s*([a-z][\w-]*)\s*(?:/\s*\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Results:
    """What one receiver says; a method it says nothing about is ""."""

    authserv_id: str = ""
    spf: str = ""
    dkim: str = ""
    dmarc: str = ""


@dataclass(frozen=True)
class Signature:
    domain: str
    headers: frozenset[str]  # in lower case

    @property
    def unsigned(self) -> list[str]:
        return [name for name in MUST_BE_SIGNED if name.lower() not in self.headers]


def results(message: Message, *, trusted: str = "") -> Results:
    """Return the results of the receiver itself.

    It adds its headers on top (RFC 8601, section 5), so only those of the topmost's authserv-id
    count, or of `trusted` where that is given: a sender may have written any below. Of several
    results of one method, such as two signatures, a pass wins.
    """
    fields = [_plain(value) for value in message.get_all("Authentication-Results", [])]
    named = [(_authserv_id(field), field) for field in fields]
    wanted = trusted.lower() or next((name for name, _ in named if name), "")
    found: dict[str, str] = {}
    for name, field in named:
        if wanted and name == wanted:
            for method, result in _results_in(field):
                if found.get(method) != "pass":
                    found[method] = result
    return Results(wanted if found else "", **found)


def signature(message: Message) -> Signature | None:
    """Return the signature that speaks for the sender: an aligned one before any other."""
    sender = parseaddr(str(message.get("From", "")))[1].rpartition("@")[2]
    found = [
        one
        for value in message.get_all("DKIM-Signature", [])[:10]
        if (one := _signature(_plain(value))) is not None
    ]
    return max(found, key=lambda one: is_aligned(one.domain, sender), default=None)


def is_aligned(domain: str, sender: str) -> bool:
    """Return whether one of both domains is the other or a parent of it."""
    signer, sender = domain.lower(), sender.lower()
    if "." not in signer or "." not in sender:
        return signer == sender != ""
    return signer == sender or signer.endswith(f".{sender}") or sender.endswith(f".{signer}")


def _plain(value: object) -> str:
    """Return a header on one line and without comments, which may hold anything."""
    text = " ".join(str(value)[:LONGEST_HEADER].split())
    while text != (text := _COMMENT.sub(" ", text)):
        pass
    return text


def _authserv_id(field: str) -> str:
    words = field.partition(";")[0].split()
    return words[0].lower()[:200] if words else ""


def _results_in(field: str) -> list[tuple[str, str]]:
    found = (_RESULT.match(part) for part in field.split(";")[1:])
    return [
        (one[1].lower(), one[2].lower()[:20]) for one in found if one and one[1].lower() in _METHODS
    ]


def _signature(field: str) -> Signature | None:
    tags = {
        name.strip().lower(): value
        for name, _, value in (part.partition("=") for part in field.split(";"))
    }
    domain = "".join(tags.get("d", "").split()).lower()[:253]
    names = frozenset(name.strip().lower() for name in tags.get("h", "").split(":"))
    return Signature(domain, names) if domain else None
