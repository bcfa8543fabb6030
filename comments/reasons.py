"""What the codes of the score mean, in words for the people at the desk."""

from collections.abc import Mapping
from typing import Any

WORDS = {
    "trap": "filled in a field that people do not see",
    "haste": "sent at once",
    "unsigned": "did not come from our form",
    "rate": "many at a time",
    "repeated": "says it again",
    "known-spam": "known spam",
    "links": "links",
    "link-in-name": "link in the name",
    "hidden-target": "link that hides where it leads",
    "lookalike-host": "link that looks like another",
}


def in_words(reason: Mapping[str, Any]) -> str:
    """Return one reason with its weight: “links: 2 links, +15”. An unknown code stands for itself.

    The evidence may be a text, a list of words or a table of them: the phases differ.
    """
    code, evidence = str(reason.get("code", "")), reason.get("evidence", "")
    words = WORDS.get(code, code.replace("-", " ").replace("_", " "))
    said = f"{words}: {_listed(evidence)}" if evidence else words
    return f"{said}, {reason.get('weight', 0):+}"


def _listed(evidence: Any) -> str:
    if isinstance(evidence, Mapping):
        return ", ".join(f"{name} {value}" for name, value in evidence.items())
    if isinstance(evidence, list | tuple):
        return ", ".join(map(_listed, evidence))
    return str(evidence)
